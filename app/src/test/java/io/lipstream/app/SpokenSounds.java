package io.lipstream.app;

import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.audio.Resampler;
import io.lipstream.speech.MaryVoice;
import java.util.Arrays;
import java.util.Random;

/** Speech and what a microphone makes of it, at 16 kHz. */
final class SpokenSounds {
  static final int RATE_HZ = 16_000;

  private SpokenSounds() {}

  /** A sentence in the embedded voice, without the pause after it. */
  static float[] say(String text) {
    float[][] sound = {new float[RATE_HZ]};
    int[] length = {0};
    try (MaryVoice voice = new MaryVoice();
        PcmSource source = voice.speak(text, "");
        Resampler resampler =
            new Resampler(
                source.format(),
                (samples, count) -> {
                  if (sound[0].length < length[0] + count) {
                    sound[0] = Arrays.copyOf(sound[0], 2 * sound[0].length + count);
                  }
                  System.arraycopy(samples, 0, sound[0], length[0], count);
                  length[0] += count;
                })) {
      float[] buffer = new float[4_096];
      for (int read = source.read(buffer, 4_096); read > 0; read = source.read(buffer, 4_096)) {
        resampler.push(buffer, read);
      }
      resampler.finish();
    }
    int end = length[0];
    while (end > 0 && Math.abs(sound[0][end - 1]) < 0.002) {
      end--;
    }
    return Arrays.copyOf(sound[0], end);
  }

  /** The same as another person would say it: slower and deeper for a factor below 1. */
  static float[] inAnotherVoice(float[] speech, double factor) {
    float[] other = new float[(int) (speech.length / factor) - 1];
    for (int i = 0; i < other.length; i++) {
      double at = i * factor;
      int before = (int) at;
      float after = speech[Math.min(before + 1, speech.length - 1)];
      other[i] = (float) (speech[before] + (at - before) * (after - speech[before]));
    }
    return other;
  }

  /** Adds a sound to another from a moment on, as loud as told. */
  static void mix(float[] target, float[] sound, double fromSeconds, double gain) {
    int from = (int) (fromSeconds * RATE_HZ);
    for (int i = 0; i < sound.length && from + i < target.length; i++) {
      target[from + i] += (float) (gain * sound[i]);
    }
  }

  /** Sound as it comes back from a room: at once, then fading by 60 dB. */
  static float[] inRoom(float[] sound, double fadeSeconds, Random random) {
    int taps = 400;
    float[] room = new float[sound.length + (int) (fadeSeconds * RATE_HZ)];
    mix(room, sound, 0, 1);
    for (int tap = 1; tap <= taps; tap++) {
      double after = fadeSeconds * tap / taps;
      double loud = 0.15 * random.nextGaussian() * Math.pow(10, -3.0 * tap / taps);
      mix(room, sound, after, loud);
    }
    return room;
  }

  static float[] noise(double seconds, double amplitude, Random random) {
    float[] noise = new float[(int) (seconds * RATE_HZ)];
    for (int i = 0; i < noise.length; i++) {
      noise[i] = (float) (amplitude * random.nextGaussian());
    }
    return noise;
  }

  static float[] tone(double seconds, double hertz, double amplitude) {
    float[] tone = new float[(int) (seconds * RATE_HZ)];
    for (int i = 0; i < tone.length; i++) {
      tone[i] = (float) (amplitude * Math.sin(2 * Math.PI * hertz * i / RATE_HZ));
    }
    return tone;
  }

  /** A square root of the mean power where there is sound. */
  static double loudness(float[] sound) {
    double sum = 0;
    int count = 0;
    for (float sample : sound) {
      if (Math.abs(sample) > 0.001) {
        sum += sample * sample;
        count++;
      }
    }
    return count == 0 ? 0 : Math.sqrt(sum / count);
  }
}
