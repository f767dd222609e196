package io.lipstream.media.audio;

import java.util.Arrays;

/**
 * Lays the features around each video frame side by side, as the generator listens to them: rows i
 * - 8 to i + 7 for frame i.
 *
 * <p>The first and the last feature count twice, so n features make n + 2 rows and n + 2 frames;
 * rows out of range are zeros. Frame i leaves as soon as row i + 7 is there. One owner; allocates
 * nothing while running.
 */
public final class FeatureWindows implements FeatureSink {
  /** Floats of one window: 16 features of 512, row-major. */
  public static final int WINDOW_FLOATS = 16 * AudioEncoder.FEATURE_FLOATS;

  private static final int FEATURE_FLOATS = AudioEncoder.FEATURE_FLOATS;
  private static final int ROWS_AHEAD = 7;

  private final FeatureSink frames;

  /** The window of the next frame to leave, its last row the newest. */
  private final float[] window = new float[WINDOW_FLOATS];

  private final float[] last = new float[FEATURE_FLOATS];
  private final float[] zeros = new float[FEATURE_FLOATS];
  private long featureCount;
  private long rowCount;

  /**
   * Windows at the start of an utterance.
   *
   * @param frames receives each frame's window [16][512] as soon as its rows are there
   */
  public FeatureWindows(FeatureSink frames) {
    this.frames = frames;
  }

  /** Forgets the utterance and starts another. */
  public void reset() {
    Arrays.fill(window, 0);
    featureCount = 0;
    rowCount = 0;
  }

  /** Takes the next feature of 512 floats. */
  @Override
  public void accept(long index, float[] feature) {
    if (index != featureCount) {
      throw new IllegalArgumentException("feature " + index + " instead of " + featureCount);
    }
    if (featureCount == 0) {
      append(feature);
    }
    append(feature);
    System.arraycopy(feature, 0, last, 0, FEATURE_FLOATS);
    featureCount++;
  }

  /** Yields the frames whose windows reach beyond the last feature. */
  public void finish() {
    if (featureCount == 0) {
      return;
    }
    append(last);
    for (int i = 0; i < ROWS_AHEAD; i++) {
      append(zeros);
    }
  }

  private void append(float[] row) {
    System.arraycopy(window, FEATURE_FLOATS, window, 0, window.length - FEATURE_FLOATS);
    System.arraycopy(row, 0, window, window.length - FEATURE_FLOATS, FEATURE_FLOATS);
    rowCount++;
    if (rowCount > ROWS_AHEAD) {
      frames.accept(rowCount - 1 - ROWS_AHEAD, window);
    }
  }
}
