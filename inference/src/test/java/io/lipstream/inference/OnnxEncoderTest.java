package io.lipstream.inference;

import static io.lipstream.inference.Networks.fixture;
import static io.lipstream.inference.Networks.tinyEncoder;
import static io.lipstream.media.audio.AudioEncoder.FEATURE_FLOATS;
import static io.lipstream.media.audio.AudioEncoder.WINDOW_FLOATS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lipstream.media.LipstreamException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OnnxEncoderTest {

  @Test
  void silenceHasNoFeatures() {
    try (OnnxEncoder encoder = open()) {
      float[] silence = new float[WINDOW_FLOATS];
      Arrays.fill(silence, -4);
      assertThat(encode(encoder, 1, silence)).containsOnly(0);
    }
  }

  @Test
  void anyNumberOfWindowsEqualsOneAtATime() {
    long seed = 7;
    int count = 11;
    float[] windows = randomWindows(seed, count);
    try (OnnxEncoder encoder = open()) {
      float[] together = encode(encoder, count, windows);
      for (int i = 0; i < count; i++) {
        float[] window = Arrays.copyOfRange(windows, i * WINDOW_FLOATS, (i + 1) * WINDOW_FLOATS);
        assertThat(Arrays.copyOfRange(together, i * FEATURE_FLOATS, (i + 1) * FEATURE_FLOATS))
            .as("window %d, seed %d", i, seed)
            .isEqualTo(encode(encoder, 1, window));
      }
    }
  }

  @Test
  void featureIsTheLoudnessOfItsOwnWindow() {
    float[] windows = new float[3 * WINDOW_FLOATS];
    Arrays.fill(windows, 0, WINDOW_FLOATS, -4);
    Arrays.fill(windows, WINDOW_FLOATS, 2 * WINDOW_FLOATS, -1);
    Arrays.fill(windows, 2 * WINDOW_FLOATS, 3 * WINDOW_FLOATS, 4);
    try (OnnxEncoder encoder = open()) {
      float[] features = encode(encoder, 3, windows);
      assertThat(features[0]).isZero();
      assertThat(features[2 * FEATURE_FLOATS - 1]).isCloseTo(3, within(1e-5f));
      assertThat(features[3 * FEATURE_FLOATS - 1]).isCloseTo(8, within(1e-5f));
    }
  }

  @Test
  void valueThatIsNotANumberNamesTheWindow() {
    float[] windows = new float[6 * WINDOW_FLOATS];
    windows[5 * WINDOW_FLOATS + 17] = Float.NaN;
    EncoderSpec spec = EncoderSpec.of("test", fixture("encoder-sums"));
    try (OnnxEncoder encoder = new OnnxEncoder(spec, EngineOptions.cpu())) {
      assertThatThrownBy(() -> encode(encoder, 6, windows))
          .isInstanceOf(LipstreamException.class)
          .hasMessage(
              "the audio encoder of avatar test returned a value that is not a number for window 5");
    }
  }

  @Test
  void closedEncoderRefuses() {
    OnnxEncoder encoder = open();
    encoder.close();
    encoder.close();
    assertThatThrownBy(() -> encode(encoder, 1, new float[WINDOW_FLOATS]))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the audio encoder of avatar test is closed");
  }

  private static OnnxEncoder open() {
    return new OnnxEncoder(EncoderSpec.of("test", tinyEncoder()), EngineOptions.cpu());
  }

  private static float[] encode(OnnxEncoder encoder, int count, float[] windows) {
    float[] features = new float[count * FEATURE_FLOATS];
    encoder.encode(count, windows, features);
    return features;
  }

  private static float[] randomWindows(long seed, int count) {
    Random random = new Random(seed);
    float[] windows = new float[count * WINDOW_FLOATS];
    for (int i = 0; i < windows.length; i++) {
      windows[i] = random.nextFloat(-4, 4);
    }
    return windows;
  }
}
