package io.lipstream.speech.recognition;

import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.audio.Resampler;
import io.lipstream.media.talk.SpeechRecognizer;
import io.lipstream.speech.MaryVoice;
import java.util.Arrays;

/** A sentence said by the embedded voice, at 16 kHz. */
final class SpokenSentence {
  private static final String HELLO = "Hello, I am your avatar. How can I help you today?";

  private SpokenSentence() {}

  static float[] hello() {
    return say(HELLO);
  }

  private static float[] say(String text) {
    float[][] sound = {new float[16_000]};
    int[] length = {16_000}; // half a second of silence before, half after
    try (MaryVoice voice = new MaryVoice();
        PcmSource source = voice.speak(text, "");
        Resampler resampler =
            new Resampler(
                source.format(),
                (samples, count) -> {
                  sound[0] = Arrays.copyOf(sound[0], length[0] + count);
                  System.arraycopy(samples, 0, sound[0], length[0], count);
                  length[0] += count;
                })) {
      float[] buffer = new float[4_096];
      for (int read = source.read(buffer, 4_096); read > 0; read = source.read(buffer, 4_096)) {
        resampler.push(buffer, read);
      }
      resampler.finish();
    }
    return Arrays.copyOf(Arrays.copyOfRange(sound[0], 8_000, length[0]), length[0]);
  }

  /** Pushes it as a microphone does, in pieces of 32 ms. */
  static void push(SpeechRecognizer.Utterance utterance, float[] sound) {
    for (int from = 0; from < sound.length; from += 512) {
      utterance.push(sound, from, Math.min(512, sound.length - from));
    }
  }
}
