package io.lipstream.app.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class TonesTest {
  private static final int RATE_HZ = 48_000;

  @Test
  void eachToneIsToldFromItsNeighboursUnderLouderNoise() {
    Random random = new Random(7);
    float[] samples = new float[RATE_HZ / 5];
    for (int tone = 0; tone < Tones.COUNT; tone++) {
      double step = 2 * Math.PI * Tones.hertz(tone) / RATE_HZ;
      for (int i = 0; i < samples.length; i++) {
        samples[i] = (float) (0.02 * Math.sin(step * i) + 0.1 * random.nextGaussian());
      }
      assertThat(Tones.strongest(samples, samples.length, RATE_HZ)).isEqualTo(tone);
    }
  }
}
