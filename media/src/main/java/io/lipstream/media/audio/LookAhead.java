package io.lipstream.media.audio;

/**
 * How much of a sound is heard before its mouth is drawn. The mouth is exact from 450 ms on; with
 * less, what it would still have to hear is guessed.
 *
 * @param millis from the middle of a frame on
 */
public record LookAhead(int millis) {
  public static final int LEAST_MILLIS = 120;
  public static final int EXACT_MILLIS = 450;
  public static final LookAhead EXACT = new LookAhead(EXACT_MILLIS);

  /** More than this the gate cannot use. */
  private static final int MOST_GATE_MILLIS = 370;

  private static final int FRAME_MILLIS = 40;

  public LookAhead {
    if (millis < LEAST_MILLIS || millis > EXACT_MILLIS) {
      throw new IllegalArgumentException(
          "look-ahead must be " + LEAST_MILLIS + " to " + EXACT_MILLIS + " ms, not " + millis);
    }
  }

  /** Features of a window that are not waited for. */
  public int repeatedFeatures() {
    int missing = EXACT_MILLIS - millis;
    return Math.min((missing + FRAME_MILLIS / 2) / FRAME_MILLIS, FeatureWindows.MAX_REPEATED);
  }

  /** Sound that the gate between speech and silence may hear after a frame's beginning. */
  public int gateMillis() {
    return Math.min(millis, MOST_GATE_MILLIS);
  }
}
