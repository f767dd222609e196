package io.lipstream.media.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FeatureWindowsTest {

  @Test
  void matchesTheReferenceTensors() {
    int count = Golden.facts().get("windowCount").asInt();
    float[][] frames = framesOf(count);

    assertThat(frames).hasNumberOfRows(Golden.facts().get("paddedFeatureCount").asInt());
    for (JsonNode check : Golden.facts().get("audioTensor").get("checks")) {
      int frame = check.get("frame").asInt();
      float[] window = frames[frame];
      double sum = 0;
      int nonZero = 0;
      for (float value : window) {
        sum += value;
        nonZero += value != 0 ? 1 : 0;
      }
      assertThat(sum)
          .as("sum of frame %d", frame)
          .isEqualTo(check.get("sum").asDouble(), within(1e-3));
      assertThat(nonZero).as("values of frame %d", frame).isEqualTo(check.get("nonZero").asInt());
      assertThat(window[0]).isEqualTo((float) check.get("first").asDouble());
      assertThat(window[4096]).isEqualTo((float) check.get("at4096").asDouble());
      assertThat(window[window.length - 1]).isEqualTo((float) check.get("last").asDouble());
    }
  }

  @Test
  void yieldsEachFrameAsSoonAsItsNewestFeatureIsThere() {
    Collected collected = new Collected();
    FeatureWindows windows = new FeatureWindows(collected);
    for (int i = 0; i < 6; i++) {
      windows.accept(i, feature(i));
    }
    assertThat(collected.all).isEmpty();
    windows.accept(6, feature(6));
    assertThat(collected.all).hasSize(1);
    windows.accept(7, feature(7));
    assertThat(collected.all).hasSize(2);
  }

  @Test
  void yieldsTwoFramesMoreThanFeatures() {
    for (int count = 1; count < 20; count++) {
      assertThat(framesOf(count)).hasNumberOfRows(count + 2);
    }
    assertThat(framesOf(0)).hasNumberOfRows(0);
  }

  @Test
  void surroundsOneLoneFeatureWithZeros() {
    float[][] frames = framesOf(1);
    for (int frame = 0; frame < 3; frame++) {
      for (int row = 0; row < 16; row++) {
        int padded = frame - 8 + row;
        float expected = padded >= 0 && padded < 3 ? feature(0)[511] : 0;
        assertThat(frames[frame][row * 512 + 511]).isEqualTo(expected);
      }
    }
  }

  @Test
  void forgetsTheFormerUtteranceAfterReset() {
    float[][] expected = framesOf(4);
    List<float[]> frames = new ArrayList<>();
    FeatureWindows windows = new FeatureWindows((index, window) -> frames.add(window.clone()));
    for (int i = 0; i < 20; i++) {
      windows.accept(i, feature(i + 50));
    }
    windows.reset();
    frames.clear();
    for (int i = 0; i < 4; i++) {
      windows.accept(i, feature(i));
    }
    windows.finish();
    assertThat(frames.toArray(new float[0][])).isDeepEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 6, 7, 8})
  void withLessLookAheadFramesLeaveSoonerAndRepeatTheNewestFeature(int repeated) {
    float[][] exact = framesOf(30);
    List<float[]> frames = new ArrayList<>();
    FeatureWindows windows =
        new FeatureWindows((index, window) -> frames.add(window.clone()), repeated);
    for (int i = 0; i < 30; i++) {
      windows.accept(i, feature(i));
      assertThat(frames).hasSize(Math.max(0, i + 2 - 7 + repeated));
    }
    windows.finish();

    assertThat(frames).hasSize(exact.length);
    // Frame 0 of the least look-ahead comes with the first feature.
    for (int frame = 1; frame < exact.length; frame++) {
      for (int row = 0; row < 16; row++) {
        int source = Math.min(row, 15 - repeated);
        assertThat(frames.get(frame)[row * 512 + 7])
            .as("frame %d, row %d", frame, row)
            .isEqualTo(exact[frame][source * 512 + 7]);
      }
    }
  }

  @Test
  void refusesFeaturesOutOfOrder() {
    FeatureWindows windows = new FeatureWindows((index, window) -> {});
    assertThatThrownBy(() -> windows.accept(1, feature(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static float[][] framesOf(int count) {
    Collected collected = new Collected();
    FeatureWindows windows = new FeatureWindows(collected);
    for (int i = 0; i < count; i++) {
      windows.accept(i, feature(i));
    }
    windows.finish();
    return collected.array();
  }

  private static float[] feature(int i) {
    float[] feature = new float[512];
    for (int k = 0; k < 512; k++) {
      feature[k] = (float) ((i * 512 + k) % 997 / 997.0);
    }
    return feature;
  }
}
