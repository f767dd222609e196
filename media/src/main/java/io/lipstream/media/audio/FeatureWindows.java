package io.lipstream.media.audio;

import java.util.Arrays;

/**
 * Lays the features around each video frame side by side, as the generator listens to them: rows i
 * - 8 to i + 7 for frame i.
 *
 * <p>Where little sound may be waited for, the last rows of a window are not the features they
 * should be but repeat the newest that is there.
 *
 * <p>The first and the last feature count twice, so n features make n + 2 rows and n + 2 frames;
 * rows out of range are zeros. Frame i leaves as soon as row i + 7 is there, or as many rows sooner
 * as are repeated. One owner; allocates nothing while running.
 */
public final class FeatureWindows implements FeatureSink {
  /** Floats of one window: 16 features of 512, row-major. */
  public static final int WINDOW_FLOATS = 16 * AudioEncoder.FEATURE_FLOATS;

  private static final int FEATURE_FLOATS = AudioEncoder.FEATURE_FLOATS;
  private static final int ROWS_AHEAD = 7;

  /** The most rows that may be repeated. */
  public static final int MAX_REPEATED = 8;

  private final FeatureSink frames;

  private final int repeated;

  /** Rows that must follow a frame's own; negative where not even that is waited for. */
  private final int ahead;

  /** The newest rows, the last one last. */
  private final float[] window = new float[WINDOW_FLOATS];

  /** The window of the next frame to leave, where it is not the newest rows. */
  private final float[] filled;

  private final float[] last = new float[FEATURE_FLOATS];
  private final float[] zeros = new float[FEATURE_FLOATS];
  private long featureCount;
  private long rowCount;
  private long frameCount;
  private long frameLimit = Long.MAX_VALUE;

  /**
   * Windows at the start of an utterance.
   *
   * @param frames receives each frame's window [16][512] as soon as its rows are there
   */
  public FeatureWindows(FeatureSink frames) {
    this(frames, 0);
  }

  /**
   * As the other, with less look-ahead.
   *
   * @param repeated rows at the end of each window that are not waited for, 0 to {@link
   *     #MAX_REPEATED}
   */
  public FeatureWindows(FeatureSink frames, int repeated) {
    if (repeated < 0 || repeated > MAX_REPEATED) {
      throw new IllegalArgumentException(
          "0 to " + MAX_REPEATED + " rows may be repeated, not " + repeated);
    }
    this.frames = frames;
    this.repeated = repeated;
    ahead = ROWS_AHEAD - repeated;
    filled = new float[repeated == 0 ? 0 : WINDOW_FLOATS];
  }

  /** Forgets the utterance and starts another. */
  public void reset() {
    Arrays.fill(window, 0);
    featureCount = 0;
    rowCount = 0;
    frameCount = 0;
    frameLimit = Long.MAX_VALUE;
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
    frameLimit = featureCount + 2;
    append(last);
    for (int i = 0; i < ahead; i++) {
      append(zeros);
    }
  }

  private void append(float[] row) {
    System.arraycopy(window, FEATURE_FLOATS, window, 0, window.length - FEATURE_FLOATS);
    System.arraycopy(row, 0, window, window.length - FEATURE_FLOATS, FEATURE_FLOATS);
    rowCount++;
    while (frameCount < Math.min(rowCount - ahead, frameLimit)) {
      frames.accept(frameCount++, repeated == 0 ? window : filled());
    }
  }

  private float[] filled() {
    int known = WINDOW_FLOATS - repeated * FEATURE_FLOATS;
    System.arraycopy(window, WINDOW_FLOATS - known, filled, 0, known);
    for (int at = known; at < WINDOW_FLOATS; at += FEATURE_FLOATS) {
      System.arraycopy(filled, known - FEATURE_FLOATS, filled, at, FEATURE_FLOATS);
    }
    return filled;
  }
}
