package io.lipstream.inference.engine;

/**
 * What a session wants of a model.
 *
 * @param modelId an id of the catalogue
 * @param session who asks, for logs
 * @param priority who goes first when not everybody can
 * @param framesPerSecond the pace at which frames will come with deadlines, checked on admission
 *     against what the device has left; 0 for work without a pace, which takes what others leave
 * @param queueFrames frames that may wait at once, at least 1
 */
public record StreamRequest(
    String modelId, String session, Priority priority, double framesPerSecond, int queueFrames) {

  /** Who goes first. */
  public enum Priority {
    /** Somebody watches live. */
    LIVE(0),
    /** A call that somebody waits for. */
    NORMAL(1),
    /** Renders: whatever is left. */
    BULK(2);

    private final int rank;

    Priority(int rank) {
      this.rank = rank;
    }

    /** From 0, who goes first. */
    int rank() {
      return rank;
    }
  }

  public StreamRequest {
    if (framesPerSecond < 0 || Double.isNaN(framesPerSecond)) {
      throw new IllegalArgumentException(
          "framesPerSecond must not be negative: " + framesPerSecond);
    }
    if (queueFrames < 1) {
      throw new IllegalArgumentException("queueFrames must be at least 1: " + queueFrames);
    }
  }
}
