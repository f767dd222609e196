package io.lipstream.media.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RealFftTest {
  private static final int SIZE = RealFft.SIZE;

  @Test
  void equalsTheTransformByItsDefinition() {
    Random random = new Random(Chunks.newSeed("RealFftTest"));
    double[] samples = random.doubles(SIZE, -1, 1).toArray();
    double[] window = random.doubles(SIZE, 0, 1).toArray();
    double[] magnitudes = new double[SIZE / 2];

    new RealFft().magnitudes(samples, window, 1, 399, magnitudes);

    for (int k = 1; k <= 399; k++) {
      assertThat(magnitudes[k]).as("bin %d", k).isEqualTo(slow(samples, window, k), within(1e-11));
    }
  }

  @Test
  void touchesOnlyTheBinsAskedFor() {
    double[] samples = new Random(1).doubles(SIZE, -1, 1).toArray();
    double[] ones = new double[SIZE];
    Arrays.fill(ones, 1);
    double[] magnitudes = new double[SIZE / 2];
    Arrays.fill(magnitudes, -1);

    new RealFft().magnitudes(samples, ones, 3, 380, magnitudes);

    assertThat(magnitudes[2]).isEqualTo(-1);
    assertThat(magnitudes[3]).isPositive();
    assertThat(magnitudes[380]).isPositive();
    assertThat(magnitudes[381]).isEqualTo(-1);
  }

  private static double slow(double[] samples, double[] window, int k) {
    double re = 0;
    double im = 0;
    for (int n = 0; n < SIZE; n++) {
      double angle = 2 * Math.PI * ((long) k * n % SIZE) / SIZE;
      re += samples[n] * window[n] * Math.cos(angle);
      im -= samples[n] * window[n] * Math.sin(angle);
    }
    return Math.hypot(re, im);
  }
}
