package io.lipstream.streaming.rtp;

import java.util.Arrays;

/**
 * Plays sound a little faster or slower than it was recorded, by a rate that may change at any
 * time, without a step: each sample is interpolated from the sixteen around it.
 *
 * <p>One thread; nothing is allocated while running.
 */
final class VariableRate {
  private static final int HALF = 8;
  private static final int PHASES = 256;

  /** A Kaiser window of this shape keeps what interpolation adds 80 dB below the sound. */
  private static final double SHAPE = 8;

  /** Weights of the samples around a moment, one row for each fraction of a sample. */
  private static final float[] WEIGHTS = weights();

  private final float[] waiting;
  private int count;

  /** Of the next sample to give, in samples from the first that waits. */
  private double position;

  /**
   * Nothing waits.
   *
   * @param capacity samples that may wait
   */
  VariableRate(int capacity) {
    waiting = new float[capacity + 2 * HALF];
    clear();
  }

  private static float[] weights() {
    float[] weights = new float[(PHASES + 1) * 2 * HALF];
    for (int phase = 0; phase <= PHASES; phase++) {
      double sum = 0;
      double[] row = new double[2 * HALF];
      for (int tap = 0; tap < 2 * HALF; tap++) {
        double x = tap - (HALF - 1) - (double) phase / PHASES;
        double edge = 1 - (x / HALF) * (x / HALF);
        double window = edge <= 0 ? 0 : bessel(SHAPE * Math.sqrt(edge)) / bessel(SHAPE);
        row[tap] = window * (x == 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
        sum += row[tap];
      }
      for (int tap = 0; tap < 2 * HALF; tap++) {
        weights[phase * 2 * HALF + tap] = (float) (row[tap] / sum);
      }
    }
    return weights;
  }

  /** The modified Bessel function of the first kind and order 0. */
  private static double bessel(double x) {
    double sum = 1;
    double term = 1;
    for (int k = 1; k < 40; k++) {
      term *= (x / 2 / k) * (x / 2 / k);
      sum += term;
    }
    return sum;
  }

  /** Forgets what waits. */
  final void clear() {
    Arrays.fill(waiting, 0, HALF - 1, 0);
    count = HALF - 1;
    position = HALF - 1;
  }

  /** Samples that were taken and not yet given. */
  int waiting() {
    return Math.max(0, count - (int) position);
  }

  /** Samples that can be taken. */
  int room() {
    return waiting.length - count;
  }

  /** Takes samples, at most {@link #room()}. */
  void push(float[] samples, int offset, int length) {
    System.arraycopy(samples, offset, waiting, count, length);
    count += length;
  }

  /**
   * Gives samples, as many as there are or wanted.
   *
   * @param rate recorded samples for each one given
   * @return how many
   */
  int pull(float[] out, int offset, int wanted, double rate) {
    int given = 0;
    while (given < wanted && (int) position + HALF < count) {
      int at = (int) position;
      double phase = (position - at) * PHASES;
      int row = (int) phase;
      float between = (float) (phase - row);
      int first = row * 2 * HALF;
      float sum = 0;
      for (int tap = 0; tap < 2 * HALF; tap++) {
        float low = WEIGHTS[first + tap];
        float weight = low + between * (WEIGHTS[first + 2 * HALF + tap] - low);
        sum += weight * waiting[at - (HALF - 1) + tap];
      }
      out[offset + given++] = sum;
      position += rate;
    }
    int done = Math.min((int) position, count) - (HALF - 1);
    if (done > 0) {
      System.arraycopy(waiting, done, waiting, 0, count - done);
      count -= done;
      position -= done;
    }
    return given;
  }
}
