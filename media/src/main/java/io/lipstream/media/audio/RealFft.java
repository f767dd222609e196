package io.lipstream.media.audio;

/**
 * The Fourier transform of 800 real samples, reduced to the magnitudes of its lower bins.
 *
 * <p>The 800 reals are packed as 400 complex numbers (even samples real, odd ones imaginary), sent
 * through a Stockham transform of radices 4, 4, 5, 5, which needs no bit reversal because each pass
 * writes its results in final order into the other of two buffers, and untangled by
 *
 * <pre>X[k] = (Z[k] + Z*[400-k]) / 2 + exp(-2 pi i k / 800) (Z[k] - Z*[400-k]) / 2i</pre>
 *
 * In doubles, because a quiet band beside a loud one would drown in the rounding noise of floats.
 * Source of the method: C. Van Loan, Computational Frameworks for the Fast Fourier Transform.
 *
 * <p>One owner; allocates nothing after construction.
 */
final class RealFft {
  static final int SIZE = 800;
  private static final int HALF = SIZE / 2;

  private static final double COS_72 = Math.cos(2 * Math.PI / 5);
  private static final double SIN_72 = Math.sin(2 * Math.PI / 5);
  private static final double COS_144 = Math.cos(4 * Math.PI / 5);
  private static final double SIN_144 = Math.sin(4 * Math.PI / 5);

  /** Cosine and sine of 2 pi k / 800. */
  private static final double[] COS = new double[SIZE];

  private static final double[] SIN = new double[SIZE];

  static {
    for (int k = 0; k < SIZE; k++) {
      COS[k] = Math.cos(2 * Math.PI * k / SIZE);
      SIN[k] = Math.sin(2 * Math.PI * k / SIZE);
    }
  }

  private final double[] reA = new double[HALF];
  private final double[] imA = new double[HALF];
  private final double[] reB = new double[HALF];
  private final double[] imB = new double[HALF];

  /**
   * Writes |X[k]| of the windowed samples for the bins from {@code firstBin} to {@code lastBin},
   * both inside 1 .. 399.
   *
   * @param samples [800]
   * @param window [800]
   * @param magnitudes receives bin k at index k
   */
  void magnitudes(
      double[] samples, double[] window, int firstBin, int lastBin, double[] magnitudes) {
    for (int k = 0; k < HALF; k++) {
      reA[k] = samples[2 * k] * window[2 * k];
      imA[k] = samples[2 * k + 1] * window[2 * k + 1];
    }
    radix4(400, 1, reA, imA, reB, imB);
    radix4(100, 4, reB, imB, reA, imA);
    radix5(25, 16, reA, imA, reB, imB);
    radix5(5, 80, reB, imB, reA, imA);
    for (int k = firstBin; k <= lastBin; k++) {
      double sumRe = reA[k] + reA[HALF - k];
      double sumIm = imA[k] - imA[HALF - k];
      double differenceRe = reA[k] - reA[HALF - k];
      double differenceIm = imA[k] + imA[HALF - k];
      double re = sumRe + COS[k] * differenceIm - SIN[k] * differenceRe;
      double im = sumIm - COS[k] * differenceRe - SIN[k] * differenceIm;
      magnitudes[k] = 0.5 * Math.sqrt(re * re + im * im);
    }
  }

  /** One pass: {@code stride} interleaved transforms of {@code size} points, split by four. */
  private static void radix4(
      int size, int stride, double[] xRe, double[] xIm, double[] yRe, double[] yIm) {
    int quarter = size / 4;
    int step = quarter * stride;
    for (int p = 0; p < quarter; p++) {
      int turn = p * (SIZE / size);
      double c1 = COS[turn];
      double s1 = SIN[turn];
      double c2 = COS[2 * turn];
      double s2 = SIN[2 * turn];
      double c3 = COS[3 * turn];
      double s3 = SIN[3 * turn];
      int in = stride * p;
      int out = 4 * stride * p;
      for (int q = 0; q < stride; q++) {
        double aRe = xRe[in + q];
        double aIm = xIm[in + q];
        double bRe = xRe[in + q + step];
        double bIm = xIm[in + q + step];
        double cRe = xRe[in + q + 2 * step];
        double cIm = xIm[in + q + 2 * step];
        double dRe = xRe[in + q + 3 * step];
        double dIm = xIm[in + q + 3 * step];
        double acRe = aRe + cRe;
        double acIm = aIm + cIm;
        double bdRe = bRe + dRe;
        double bdIm = bIm + dIm;
        yRe[out + q] = acRe + bdRe;
        yIm[out + q] = acIm + bdIm;
        double minusRe = acRe - bdRe;
        double minusIm = acIm - bdIm;
        yRe[out + q + 2 * stride] = c2 * minusRe + s2 * minusIm;
        yIm[out + q + 2 * stride] = c2 * minusIm - s2 * minusRe;
        // b - d turned by -90 degrees and added to, or taken from, a - c.
        double oneRe = (aRe - cRe) + (bIm - dIm);
        double oneIm = (aIm - cIm) - (bRe - dRe);
        yRe[out + q + stride] = c1 * oneRe + s1 * oneIm;
        yIm[out + q + stride] = c1 * oneIm - s1 * oneRe;
        double threeRe = (aRe - cRe) - (bIm - dIm);
        double threeIm = (aIm - cIm) + (bRe - dRe);
        yRe[out + q + 3 * stride] = c3 * threeRe + s3 * threeIm;
        yIm[out + q + 3 * stride] = c3 * threeIm - s3 * threeRe;
      }
    }
  }

  /** One pass: {@code stride} interleaved transforms of {@code size} points, split by five. */
  private static void radix5(
      int size, int stride, double[] xRe, double[] xIm, double[] yRe, double[] yIm) {
    int fifth = size / 5;
    int step = fifth * stride;
    for (int p = 0; p < fifth; p++) {
      int turn = p * (SIZE / size);
      double c1 = COS[turn];
      double s1 = SIN[turn];
      double c2 = COS[2 * turn];
      double s2 = SIN[2 * turn];
      double c3 = COS[3 * turn];
      double s3 = SIN[3 * turn];
      double c4 = COS[4 * turn];
      double s4 = SIN[4 * turn];
      int in = stride * p;
      int out = 5 * stride * p;
      for (int q = 0; q < stride; q++) {
        double aRe = xRe[in + q];
        double aIm = xIm[in + q];
        double beSumRe = xRe[in + q + step] + xRe[in + q + 4 * step];
        double beSumIm = xIm[in + q + step] + xIm[in + q + 4 * step];
        double beRe = xRe[in + q + step] - xRe[in + q + 4 * step];
        double beIm = xIm[in + q + step] - xIm[in + q + 4 * step];
        double cdSumRe = xRe[in + q + 2 * step] + xRe[in + q + 3 * step];
        double cdSumIm = xIm[in + q + 2 * step] + xIm[in + q + 3 * step];
        double cdRe = xRe[in + q + 2 * step] - xRe[in + q + 3 * step];
        double cdIm = xIm[in + q + 2 * step] - xIm[in + q + 3 * step];
        yRe[out + q] = aRe + beSumRe + cdSumRe;
        yIm[out + q] = aIm + beSumIm + cdSumIm;
        double evenRe = aRe + COS_72 * beSumRe + COS_144 * cdSumRe;
        double evenIm = aIm + COS_72 * beSumIm + COS_144 * cdSumIm;
        double oddRe = SIN_72 * beIm + SIN_144 * cdIm;
        double oddIm = SIN_72 * beRe + SIN_144 * cdRe;
        double oneRe = evenRe + oddRe;
        double oneIm = evenIm - oddIm;
        double fourRe = evenRe - oddRe;
        double fourIm = evenIm + oddIm;
        yRe[out + q + stride] = c1 * oneRe + s1 * oneIm;
        yIm[out + q + stride] = c1 * oneIm - s1 * oneRe;
        yRe[out + q + 4 * stride] = c4 * fourRe + s4 * fourIm;
        yIm[out + q + 4 * stride] = c4 * fourIm - s4 * fourRe;
        evenRe = aRe + COS_144 * beSumRe + COS_72 * cdSumRe;
        evenIm = aIm + COS_144 * beSumIm + COS_72 * cdSumIm;
        oddRe = SIN_144 * beIm - SIN_72 * cdIm;
        oddIm = SIN_144 * beRe - SIN_72 * cdRe;
        double twoRe = evenRe + oddRe;
        double twoIm = evenIm - oddIm;
        double threeRe = evenRe - oddRe;
        double threeIm = evenIm + oddIm;
        yRe[out + q + 2 * stride] = c2 * twoRe + s2 * twoIm;
        yIm[out + q + 2 * stride] = c2 * twoIm - s2 * twoRe;
        yRe[out + q + 3 * stride] = c3 * threeRe + s3 * threeIm;
        yIm[out + q + 3 * stride] = c3 * threeIm - s3 * threeRe;
      }
    }
  }
}
