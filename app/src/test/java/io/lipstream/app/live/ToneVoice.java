package io.lipstream.app.live;

import io.lipstream.app.SampleSource;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Says "440 Hz for 900 ms" as a tone that swells four times a second like syllables do, any other
 * text as 300 ms of 300 Hz, and breaks down at the word "broken". 0 Hz is a buzz of all
 * frequencies, at which a mouth opens wider.
 */
final class ToneVoice implements SpeechSynthesizer {
  static final int RATE_HZ = 24_000;
  private static final Pattern TONE = Pattern.compile("(\\d+) Hz for (\\d+) ms");

  final AtomicInteger openSources = new AtomicInteger();

  @Override
  public List<String> voices() {
    return List.of("tone");
  }

  @Override
  public PcmSource speak(String text, String voice) {
    if (text.contains("broken")) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT, "the voice is broken", "mend it");
    }
    Matcher tone = TONE.matcher(text);
    float[] samples =
        tone.find()
            ? tone(Integer.parseInt(tone.group(1)), Integer.parseInt(tone.group(2)))
            : tone(300, 300);
    openSources.incrementAndGet();
    SampleSource source = new SampleSource(RATE_HZ, samples);
    return new PcmSource() {
      private boolean open = true;

      @Override
      public PcmFormat format() {
        return source.format();
      }

      @Override
      public int read(float[] interleaved, int maxFrames) {
        return source.read(interleaved, maxFrames);
      }

      @Override
      public OptionalLong expectedFrames() {
        return source.expectedFrames();
      }

      @Override
      public void close() {
        if (open) {
          open = false;
          openSources.decrementAndGet();
        }
      }
    };
  }

  static float[] tone(int hertz, int millis) {
    float[] samples = new float[RATE_HZ * millis / 1_000];
    for (int i = 0; i < samples.length; i++) {
      double seconds = (double) i / RATE_HZ;
      double swell = 0.65 - 0.35 * Math.cos(2 * Math.PI * 4 * seconds);
      double wave = hertz == 0 ? buzz(seconds) : Math.sin(2 * Math.PI * hertz * seconds);
      samples[i] = (float) (0.5 * swell * wave);
    }
    return samples;
  }

  private static double buzz(double seconds) {
    double sum = 0;
    for (int harmonic = 1; harmonic <= 20; harmonic++) {
      // The pitch rises, so that no two stretches are alike.
      sum += Math.sin(2 * Math.PI * harmonic * seconds * (140 + 60 * seconds)) / harmonic;
    }
    return 0.6 * sum;
  }

  @Override
  public void close() {}
}
