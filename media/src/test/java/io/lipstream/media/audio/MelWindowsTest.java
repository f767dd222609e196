package io.lipstream.media.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MelWindowsTest {
  private static final int BANDS = MelExtractor.BANDS;
  private static final int ROWS = MelWindows.ROWS;

  @Test
  void startsWhereTheReferenceStarts() {
    JsonNode starts = Golden.facts().get("windowStarts");
    float[][] windows = windowsOf(Golden.facts().get("melRows").asInt());
    assertThat(windows).hasNumberOfRows(starts.size());
    for (int f = 0; f < windows.length; f++) {
      assertThat(windows[f]).as("window %d", f).isEqualTo(windowAt(starts.get(f).asInt()));
    }
  }

  @Test
  void yieldsAsManyWindowsAsTheReference() {
    for (Map.Entry<String, JsonNode> entry : Golden.facts().get("windowCountByRows").properties()) {
      int rows = Integer.parseInt(entry.getKey());
      int expected = entry.getValue().asInt();
      assertThat(MelWindows.count(rows)).as("%d rows", rows).isEqualTo(expected);
      assertThat(windowsOf(rows)).as("%d rows", rows).hasNumberOfRows(expected);
    }
  }

  @Test
  void neverYieldsMoreWindowsBeforeTheEndThanTheCountAllows() {
    float[] row = row(0);
    long[] yielded = new long[1];
    MelWindows windows = new MelWindows((index, window) -> yielded[0]++);
    for (int rows = 1; rows < 100_000; rows++) {
      windows.accept(rows - 1, row);
      if (rows >= ROWS) {
        assertThat(MelWindows.count(rows) - yielded[0]).as("%d rows", rows).isBetween(0L, 2L);
      }
    }
  }

  @Test
  void yieldsEachWindowWithItsLastRow() {
    Collected collected = new Collected();
    MelWindows windows = new MelWindows(collected);
    for (int r = 0; r < 15; r++) {
      windows.accept(r, row(r));
    }
    assertThat(collected.all).isEmpty();
    windows.accept(15, row(15));
    assertThat(collected.all).hasSize(1);
    windows.accept(16, row(16));
    windows.accept(17, row(17));
    assertThat(collected.all).hasSize(1);
    windows.accept(18, row(18));
    assertThat(collected.all).hasSize(2);
  }

  @Test
  void refusesRowsOutOfOrderAndTooFewOfThem() {
    MelWindows windows = new MelWindows((index, window) -> {});
    assertThatThrownBy(() -> windows.accept(1, row(1)))
        .isInstanceOf(IllegalArgumentException.class);
    windows.accept(0, row(0));
    assertThatThrownBy(windows::finish).isInstanceOf(IllegalStateException.class);
  }

  private static float[][] windowsOf(int rows) {
    Collected collected = new Collected();
    MelWindows windows = new MelWindows(collected);
    for (int r = 0; r < rows; r++) {
      windows.accept(r, row(r));
    }
    windows.finish();
    return collected.array();
  }

  private static float[] row(int r) {
    float[] row = new float[BANDS];
    for (int band = 0; band < BANDS; band++) {
      row[band] = r * 100 + band;
    }
    return row;
  }

  private static float[] windowAt(int start) {
    float[] window = new float[AudioEncoder.WINDOW_FLOATS];
    for (int band = 0; band < BANDS; band++) {
      for (int t = 0; t < ROWS; t++) {
        window[band * ROWS + t] = (start + t) * 100 + band;
      }
    }
    return window;
  }
}
