package io.lipstream.app.load;

import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What avatars say: texts, which the server speaks, or recordings of them with a soft tone that
 * tells the sessions apart, which cost the server no synthesis.
 */
public final class Sentences {
  /** As texts. */
  public static final Sentences TEXTS = new Sentences(List.of(), 0);

  private static final List<String> WORDS =
      List.of(
          "The first thing you see in the morning is the fjord, and the last is the light on it.",
          "We can look at the numbers together, and then you decide what to do about them.",
          "Take the second door on the left, walk down the stairs, and the office is in front of"
              + " you.",
          "Nobody expected the weather to change so quickly, but by noon the streets were dry"
              + " again.",
          "If you would like to hear more about the exhibition, just ask me, I have plenty of"
              + " time.");

  /** Of the tone; far below the voice and still audible in its pauses. */
  private static final float TONE_LEVEL = 0.02f;

  private static final int WAV_HEADER_BYTES = 44;
  private static final double TEXT_SECONDS = 5;

  private final List<float[]> recordings;
  private final int rateHz;

  private Sentences(List<float[]> recordings, int rateHz) {
    this.recordings = recordings;
    this.rateHz = rateHz;
  }

  /** As recordings, spoken now. */
  public static Sentences recorded(SpeechSynthesizer voice) {
    List<float[]> recordings = new ArrayList<>();
    int rateHz = 0;
    for (String words : WORDS) {
      try (PcmSource sound = voice.speak(words, "")) {
        rateHz = sound.format().sampleRateHz();
        recordings.add(mono(sound));
      }
    }
    return new Sentences(List.copyOf(recordings), rateHz);
  }

  private static float[] mono(PcmSource sound) {
    int channels = sound.format().channels();
    float[] chunk = new float[4096 * channels];
    float[] all = new float[1 << 18];
    int size = 0;
    for (int frames = sound.read(chunk, 4096); frames >= 0; frames = sound.read(chunk, 4096)) {
      all = size + frames > all.length ? Arrays.copyOf(all, 2 * all.length) : all;
      for (int i = 0; i < frames; i++) {
        all[size++] = chunk[i * channels];
      }
    }
    return Arrays.copyOf(all, size);
  }

  static int count() {
    return WORDS.size();
  }

  /** How long one takes; of texts it is not known and thought to be five seconds. */
  double seconds(int number) {
    return areTexts() ? TEXT_SECONDS : (double) recordings.get(number).length / rateHz;
  }

  double meanSeconds() {
    return IntStream.range(0, count()).mapToDouble(this::seconds).average().orElse(TEXT_SECONDS);
  }

  boolean areTexts() {
    return recordings.isEmpty();
  }

  static String text(int number) {
    return WORDS.get(number);
  }

  /** A recording with a session's tone as a WAV file of 16 bits. */
  byte[] wav(int number, int tone) {
    float[] samples = recordings.get(number);
    ByteBuffer wav =
        ByteBuffer.allocate(WAV_HEADER_BYTES + 2 * samples.length).order(ByteOrder.LITTLE_ENDIAN);
    wav.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(wav.capacity() - 8);
    wav.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
    wav.putShort((short) 1).putShort((short) 1).putInt(rateHz).putInt(2 * rateHz);
    wav.putShort((short) 2).putShort((short) 16);
    wav.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(2 * samples.length);
    double step = 2 * Math.PI * Tones.hertz(tone) / rateHz;
    for (int i = 0; i < samples.length; i++) {
      double value = 0.9 * samples[i] + TONE_LEVEL * Math.sin(step * i);
      wav.putShort((short) Math.round(Math.clamp(value, -1.0, 1.0) * Short.MAX_VALUE));
    }
    return wav.array();
  }
}
