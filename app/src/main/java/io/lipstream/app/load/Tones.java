package io.lipstream.app.load;

/**
 * The tones by which sessions are told apart: 50 Hz from each other, where a voice has little. Each
 * is looked for in a fifth of a second by the Goertzel recurrence, which finds one frequency of a
 * spectrum for two operations a sample.
 */
final class Tones {
  static final int COUNT = 64;

  private static final double LOWEST_HZ = 3000;
  private static final double STEP_HZ = 50;

  private Tones() {}

  static double hertz(int tone) {
    return LOWEST_HZ + STEP_HZ * (tone % COUNT);
  }

  /** The strongest tone in a stretch of sound. */
  static int strongest(float[] samples, int count, int rateHz) {
    int strongest = 0;
    double most = -1;
    for (int tone = 0; tone < COUNT; tone++) {
      double power = power(samples, count, hertz(tone) / rateHz);
      if (power > most) {
        most = power;
        strongest = tone;
      }
    }
    return strongest;
  }

  private static double power(float[] samples, int count, double cyclesPerSample) {
    double coefficient = 2 * Math.cos(2 * Math.PI * cyclesPerSample);
    double before = 0;
    double last = 0;
    for (int i = 0; i < count; i++) {
      double now = samples[i] + coefficient * last - before;
      before = last;
      last = now;
    }
    return last * last + before * before - coefficient * last * before;
  }
}
