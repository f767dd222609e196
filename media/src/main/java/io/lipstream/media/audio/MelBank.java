package io.lipstream.media.audio;

/**
 * The 80 triangles from 55 to 7600 Hz, on the Slaney scale and with the Slaney area norm, that sum
 * a spectrum of 20 Hz bins into mel bands.
 *
 * <p>Slaney's scale is linear below 1000 Hz (200/3 Hz a mel) and logarithmic above (ln(6.4)/27 a
 * mel). Only the bins under each triangle are stored. Immutable.
 */
final class MelBank {
  static final int BANDS = 80;

  private static final double LOWEST_HZ = 55;
  private static final double HIGHEST_HZ = 7600;
  private static final double BIN_HZ = 20;

  private static final double LINEAR_HZ_PER_MEL = 200.0 / 3;
  private static final double BREAK_HZ = 1000;
  private static final double BREAK_MEL = BREAK_HZ / LINEAR_HZ_PER_MEL;
  private static final double LOG_STEP = Math.log(6.4) / 27;

  private final int[] firstBin = new int[BANDS];
  private final double[][] weights = new double[BANDS][];

  MelBank() {
    double[] edgesHz = edgesHz();
    for (int band = 0; band < BANDS; band++) {
      double lowHz = edgesHz[band];
      double peakHz = edgesHz[band + 1];
      double highHz = edgesHz[band + 2];
      firstBin[band] = (int) Math.ceil(lowHz / BIN_HZ);
      int lastBin = (int) Math.floor(highHz / BIN_HZ);
      weights[band] = new double[lastBin - firstBin[band] + 1];
      for (int i = 0; i < weights[band].length; i++) {
        double hz = (firstBin[band] + i) * BIN_HZ;
        double rise = (hz - lowHz) / (peakHz - lowHz);
        double fall = (highHz - hz) / (highHz - peakHz);
        weights[band][i] = Math.max(0, Math.min(rise, fall)) * 2 / (highHz - lowHz);
      }
    }
  }

  private static double[] edgesHz() {
    double lowestMel = hzToMel(LOWEST_HZ);
    double highestMel = hzToMel(HIGHEST_HZ);
    double[] edgesHz = new double[BANDS + 2];
    for (int i = 0; i < edgesHz.length; i++) {
      edgesHz[i] = melToHz(lowestMel + (highestMel - lowestMel) * i / (BANDS + 1));
    }
    return edgesHz;
  }

  private static double hzToMel(double hz) {
    return hz < BREAK_HZ ? hz / LINEAR_HZ_PER_MEL : BREAK_MEL + Math.log(hz / BREAK_HZ) / LOG_STEP;
  }

  private static double melToHz(double mel) {
    return mel < BREAK_MEL
        ? mel * LINEAR_HZ_PER_MEL
        : BREAK_HZ * Math.exp(LOG_STEP * (mel - BREAK_MEL));
  }

  /** The lowest bin that any band looks at. */
  int lowestBin() {
    return firstBin[0];
  }

  /** The highest bin that any band looks at. */
  int highestBin() {
    return firstBin[BANDS - 1] + weights[BANDS - 1].length - 1;
  }

  /** The band's weighted sum of magnitudes, bin k at index k. */
  double sum(int band, double[] magnitudes) {
    double[] triangle = weights[band];
    int first = firstBin[band];
    double sum = 0;
    for (int i = 0; i < triangle.length; i++) {
      sum += triangle[i] * magnitudes[first + i];
    }
    return sum;
  }
}
