package io.lipstream.inference.server;

import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.audio.FeatureWindows;
import java.util.Arrays;

/**
 * The features of one utterance side by side, out of which the windows of any frames are cut: what
 * {@link FeatureWindows} yields in order, for frames that are asked for one by one.
 *
 * <p>Row 0 and row 1 are the first feature, row n + 1 repeats the last of n; frame i sees rows i -
 * 8 to i + 7 and zeros where there is none. With a shorter look-ahead than 7 rows it sees zeros
 * after row i + lookAhead, whether those rows are there or not, so that pictures never depend on
 * timing. One owner; grows to what is held at once, up to a bound.
 */
public final class FeatureRows {
  public static final int MAX_LOOK_AHEAD = 7;

  private static final int ROW = AudioEncoder.FEATURE_FLOATS;
  private static final int ROWS_BEFORE = 8;
  private static final int WINDOW_ROWS = FeatureWindows.WINDOW_FLOATS / ROW;
  private static final int FIRST_CAPACITY = 32;

  private final int lookAhead;
  private final int maxRows;
  private float[] ring = new float[FIRST_CAPACITY * ROW];

  /** Rows held are firstRow to nextRow - 1. */
  private long firstRow;

  private long nextRow;
  private boolean ended;

  /**
   * Rows without an utterance.
   *
   * @param lookAhead rows after a frame's own that it hears
   * @param maxRows that are held at once
   */
  public FeatureRows(int lookAhead, int maxRows) {
    this.lookAhead = lookAhead;
    this.maxRows = maxRows;
  }

  /** Starts an utterance whose first feature to come has this number, 0 for its beginning. */
  public void begin(long firstFeature) {
    firstRow = firstFeature == 0 ? 0 : firstFeature + 1;
    nextRow = firstRow;
    ended = false;
  }

  /**
   * Takes the next feature.
   *
   * @return false if as many rows are held as may be
   */
  public boolean add(float[] feature) {
    if (nextRow - firstRow + 2 > maxRows) {
      return false;
    }
    if (nextRow == 0) {
      append(feature);
    }
    append(feature);
    return true;
  }

  private void append(float[] row) {
    int capacity = ring.length / ROW;
    if (nextRow - firstRow == capacity) {
      float[] larger = new float[2 * ring.length];
      for (long held = firstRow; held < nextRow; held++) {
        System.arraycopy(ring, place(held), larger, (int) (held % (2L * capacity)) * ROW, ROW);
      }
      ring = larger;
    }
    System.arraycopy(row, 0, ring, place(nextRow), ROW);
    nextRow++;
  }

  private int place(long row) {
    return (int) (row % (ring.length / ROW)) * ROW;
  }

  /** No feature comes any more. */
  void end() {
    if (!ended && nextRow > firstRow) {
      append(Arrays.copyOfRange(ring, place(nextRow - 1), place(nextRow - 1) + ROW));
    }
    ended = true;
  }

  boolean ended() {
    return ended;
  }

  /** Whether a frame's window can be cut out. */
  public boolean covers(long frame) {
    return ended || nextRow > frame + lookAhead;
  }

  /** Writes the window [16][512] of a frame. */
  public void copyWindow(long frame, float[] window) {
    for (int i = 0; i < WINDOW_ROWS; i++) {
      long row = frame - ROWS_BEFORE + i;
      if (row >= firstRow && row < nextRow && row <= frame + lookAhead) {
        System.arraycopy(ring, place(row), window, i * ROW, ROW);
      } else {
        Arrays.fill(window, i * ROW, (i + 1) * ROW, 0);
      }
    }
  }

  /**
   * As copyWindow, for a frame that cannot wait: rows that have not come yet repeat the last one.
   */
  public void copyWindowNow(long frame, float[] window) {
    copyWindow(frame, window);
    if (nextRow == firstRow) {
      return;
    }
    for (int i = 0; i < WINDOW_ROWS; i++) {
      long row = frame - ROWS_BEFORE + i;
      if (row >= nextRow && row <= frame + lookAhead) {
        System.arraycopy(ring, place(nextRow - 1), window, i * ROW, ROW);
      }
    }
  }

  /** Lets go of the rows that neither this frame nor later ones see. */
  public void forgetBefore(long frame) {
    firstRow = Math.max(firstRow, Math.min(frame - ROWS_BEFORE, nextRow - 1));
  }
}
