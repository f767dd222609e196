package io.lipstream.inference.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.audio.FeatureWindows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FeatureRowsTest {
  static float[] feature(int number) {
    float[] feature = new float[AudioEncoder.FEATURE_FLOATS];
    for (int i = 0; i < feature.length; i++) {
      feature[i] = number + 1 + i / 1024f;
    }
    return feature;
  }

  /** What the whole utterance at once yields. */
  static List<float[]> windows(int features) {
    List<float[]> windows = new ArrayList<>();
    FeatureWindows whole = new FeatureWindows((index, window) -> windows.add(window.clone()));
    for (int i = 0; i < features; i++) {
      whole.accept(i, feature(i));
    }
    whole.finish();
    return windows;
  }

  private static float[] window(FeatureRows rows, long frame) {
    float[] window = new float[FeatureWindows.WINDOW_FLOATS];
    Arrays.fill(window, Float.NaN);
    rows.copyWindow(frame, window);
    return window;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 6, 7, 8, 9, 15, 16, 40, 100})
  void windowsAreThoseOfTheWholeUtterance(int features) {
    List<float[]> expected = windows(features);
    FeatureRows rows = new FeatureRows(7, 1500);
    int next = 0;
    for (int i = 0; i < features; i++) {
      assertThat(rows.add(feature(i))).isTrue();
      while (rows.covers(next)) {
        assertThat(window(rows, next)).isEqualTo(expected.get(next));
        rows.forgetBefore(++next);
      }
    }
    assertThat(next).isEqualTo(Math.max(0, features + 1 - 7));
    rows.end();
    for (; next < expected.size(); next++) {
      assertThat(window(rows, next)).isEqualTo(expected.get(next));
      rows.forgetBefore(next);
    }
    assertThat(expected).hasSize(features + 2);
  }

  @Test
  void aShorterLookAheadSeesZerosWhetherTheFutureIsThereOrNot() {
    FeatureRows early = new FeatureRows(2, 100);
    FeatureRows late = new FeatureRows(2, 100);
    for (int i = 0; i < 30; i++) {
      late.add(feature(i));
    }
    for (int i = 0; i < 12; i++) {
      early.add(feature(i));
    }
    assertThat(early.covers(10)).isTrue();
    assertThat(early.covers(11)).isFalse();
    float[] window = window(early, 10);
    assertThat(window).isEqualTo(window(late, 10));
    float[] exact = windows(30).get(10);
    int seen = (8 + 1 + 2) * 512;
    assertThat(Arrays.copyOf(window, seen)).isEqualTo(Arrays.copyOf(exact, seen));
    assertThat(Arrays.copyOfRange(window, seen, window.length)).containsOnly(0f);
  }

  @Test
  void anUtteranceGoesOnFromTheFeaturesThatAFramesWindowBeginsWith() {
    List<float[]> expected = windows(40);
    int frame = 23;
    FeatureRows rows = new FeatureRows(7, 100);
    rows.begin(frame - 9);
    for (int i = frame - 9; i < 40; i++) {
      rows.add(feature(i));
    }
    rows.end();
    for (; frame < expected.size(); frame++) {
      assertThat(window(rows, frame)).isEqualTo(expected.get(frame));
    }
  }

  @Test
  void takesNoMoreThanItMayHold() {
    FeatureRows rows = new FeatureRows(7, 50);
    int taken = 0;
    while (rows.add(feature(taken))) {
      taken++;
    }
    assertThat(taken).isEqualTo(48);
    rows.forgetBefore(30);
    assertThat(rows.add(feature(taken))).isTrue();
    assertThat(window(rows, 30)).isEqualTo(windows(60).get(30));
  }
}
