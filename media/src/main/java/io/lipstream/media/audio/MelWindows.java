package io.lipstream.media.audio;

/**
 * Cuts mel rows (80 a second) into the windows of 16 rows that belong to video frames (25 a
 * second), each turned to [80][16].
 *
 * <p>Window f starts at row trunc(80 (f / 25)): 0, 3, 6, 9, 12, 16 ... It leaves as soon as its
 * last row is there; past the end the last 16 rows stand in. One owner; allocates nothing while
 * running.
 */
public final class MelWindows implements FeatureSink {
  /** Rows in one window. */
  public static final int ROWS = 16;

  private static final double ROWS_PER_SECOND = 80;
  private static final double WINDOWS_PER_SECOND = 25;
  private static final int BANDS = MelExtractor.BANDS;

  private final FeatureSink windows;

  /** The newest rows; row r at slot r mod 16. */
  private final float[][] latest = new float[ROWS][BANDS];

  private final float[] window = new float[AudioEncoder.WINDOW_FLOATS];

  private long rowCount;
  private long windowCount;

  /**
   * A cutter at the start of an utterance.
   *
   * @param windows receives each window as soon as its rows are there
   */
  public MelWindows(FeatureSink windows) {
    this.windows = windows;
  }

  /** The first row of a frame's window, before it is moved back from the end. */
  static long start(long frame) {
    return (long) (ROWS_PER_SECOND * (frame / WINDOWS_PER_SECOND));
  }

  /** The windows that so many rows, at least 16, yield. */
  public static long count(long rows) {
    // In doubles and in this order: the integer form differs for some counts, 384 rows for one.
    return (long) ((rows - ROWS) / ROWS_PER_SECOND * WINDOWS_PER_SECOND) + 2;
  }

  /** Forgets the utterance and starts another. */
  public void reset() {
    rowCount = 0;
    windowCount = 0;
  }

  /** Takes the next mel row. */
  @Override
  public void accept(long index, float[] melRow) {
    if (index != rowCount) {
      throw new IllegalArgumentException("row " + index + " instead of row " + rowCount);
    }
    System.arraycopy(melRow, 0, latest[(int) (rowCount % ROWS)], 0, BANDS);
    rowCount++;
    if (start(windowCount) + ROWS == rowCount) {
      emitLatest();
    }
  }

  /** Yields the windows that reach beyond the last row. */
  public void finish() {
    if (rowCount < ROWS) {
      throw new IllegalStateException(rowCount + " rows do not fill a window of " + ROWS);
    }
    long wanted = count(rowCount);
    while (windowCount < wanted) {
      emitLatest();
    }
  }

  private void emitLatest() {
    for (int t = 0; t < ROWS; t++) {
      float[] row = latest[(int) ((rowCount + t) % ROWS)];
      for (int band = 0; band < BANDS; band++) {
        window[band * ROWS + t] = row[band];
      }
    }
    windows.accept(windowCount++, window);
  }
}
