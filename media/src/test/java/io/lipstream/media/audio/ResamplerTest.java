package io.lipstream.media.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResamplerTest {

  @ParameterizedTest
  @ValueSource(ints = {8_000, 11_025, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000})
  void keepsASineInPitchLevelAndPlace(int rateHz) {
    float[] out = resample(new PcmFormat(rateHz, 1), sine(rateHz, 440, rateHz));

    assertThat(out).hasSize(16_000);
    float[] expected = sine(16_000, 440, 16_000);
    for (int i = 400; i < 15_600; i++) {
      assertThat(out[i]).as("sample %d", i).isEqualTo(expected[i], within(2e-3f));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {8_000, 22_050, 44_100, 48_000})
  void leavesAClickWhereItWas(int rateHz) {
    for (double seconds : new double[] {0.1, 0.5, 0.9}) {
      float[] click = new float[rateHz];
      click[(int) (seconds * rateHz)] = 1;
      float[] out = resample(new PcmFormat(rateHz, 1), click);
      double expected = (double) (int) (seconds * rateHz) * 16_000 / rateHz;
      assertThat((double) loudest(out))
          .as("click at %s s", seconds)
          .isEqualTo(expected, within(1.0));
    }
  }

  @Test
  void removesWhatTheLowerRateCannotHold() {
    float[] out = resample(new PcmFormat(48_000, 1), sine(48_000, 12_000, 48_000));
    for (int i = 400; i < 15_600; i++) {
      assertThat(Math.abs(out[i])).isLessThan(1e-3f);
    }
  }

  @Test
  void yieldsTheRoundedLengthForEveryLength() {
    Random random = new Random(Chunks.newSeed("ResamplerTest.length"));
    for (int rateHz : new int[] {8_000, 11_025, 44_100, 48_000, 192_000}) {
      for (int frames : new int[] {0, 1, 2, 3, 4_096, 10_000, random.nextInt(50_000)}) {
        assertThat(resample(new PcmFormat(rateHz, 1), new float[frames]))
            .as("%d frames at %d Hz", frames, rateHz)
            .hasSize((int) Math.round(frames * 16_000.0 / rateHz));
      }
    }
  }

  @Test
  void passes16kHzMonoThroughBitByBit() {
    float[] noise = Chunks.noise(10_001, new Random(1));
    assertThat(resample(PcmFormat.FEATURES, noise)).isEqualTo(noise);
  }

  @Test
  void takesTheMeanOfBothChannels() {
    float[] stereo = {0.5f, 0.25f, -1, 1, 1, 1, 0.1f, 0};
    assertThat(resample(new PcmFormat(16_000, 2), stereo)).containsExactly(0.375f, 0, 1, 0.05f);
  }

  @Test
  void resamplesStereoAsTheMeanOfBothChannels() {
    float[] left = Chunks.noise(30_000, new Random(2));
    float[] stereo = new float[60_000];
    float[] mean = new float[30_000];
    for (int i = 0; i < left.length; i++) {
      stereo[2 * i] = left[i];
      mean[i] = left[i] / 2;
    }
    assertThat(resample(new PcmFormat(44_100, 2), stereo))
        .isEqualTo(resample(new PcmFormat(44_100, 1), mean));
  }

  @Test
  void yieldsTheSameBitsHoweverTheSoundIsCut() {
    float[] noise = Chunks.noise(44_100, new Random(3));
    float[] whole = resample(new PcmFormat(44_100, 1), noise);
    Random random = new Random(Chunks.newSeed("ResamplerTest.cut"));
    for (int maxLength : new int[] {1, 10, 441, 20_000}) {
      Floats out = new Floats();
      try (Resampler resampler = new Resampler(new PcmFormat(44_100, 1), out::add)) {
        Chunks.feed(noise, random, maxLength, resampler::push);
        resampler.finish();
      }
      assertThat(out.array()).as("pieces up to %d", maxLength).isEqualTo(whole);
    }
  }

  @Test
  void refusesSoundAfterTheEnd() {
    try (Resampler resampler = new Resampler(new PcmFormat(8_000, 1), (samples, count) -> {})) {
      resampler.finish();
      assertThatThrownBy(() -> resampler.push(new float[1], 1))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  private static float[] resample(PcmFormat format, float[] interleaved) {
    Floats out = new Floats();
    try (Resampler resampler = new Resampler(format, out::add)) {
      resampler.push(interleaved, interleaved.length / format.channels());
      resampler.finish();
    }
    return out.array();
  }

  private static float[] sine(int rateHz, double hz, int count) {
    float[] samples = new float[count];
    for (int i = 0; i < count; i++) {
      samples[i] = (float) (0.5 * Math.sin(2 * Math.PI * hz * i / rateHz));
    }
    return samples;
  }

  private static int loudest(float[] samples) {
    int best = 0;
    for (int i = 0; i < samples.length; i++) {
      if (Math.abs(samples[i]) > Math.abs(samples[best])) {
        best = i;
      }
    }
    return best;
  }
}
