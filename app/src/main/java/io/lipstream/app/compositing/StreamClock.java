package io.lipstream.app.compositing;

/**
 * When the frames of a stream in real time are due; it starts with the first frame. Belongs to the
 * stream's thread.
 */
final class StreamClock {
  /** From a plan to the frame's time: time to draw the first mouth. */
  private static final long LEAD_NANOS = 80_000_000;

  /** A frame planned later than this before its time moves the clock. */
  private static final long TOO_NEAR_NANOS = 10_000_000;

  /** A client that did not read for longer finds the clock where it left it. */
  private static final long LONGEST_LAG_NANOS = 500_000_000;

  private final long frameNanos;
  private final boolean idleFrames;
  private boolean runs;
  private long zeroNanos;

  /**
   * A clock that does not run yet.
   *
   * @param idleFrames whether frames are shown while nothing is planned, so that time passes
   */
  StreamClock(long frameNanos, boolean idleFrames) {
    this.frameNanos = frameNanos;
    this.idleFrames = idleFrames;
  }

  boolean runs() {
    return runs;
  }

  long dueNanos(long number) {
    return zeroNanos + number * frameNanos;
  }

  /** Lets this frame be the next one, soon. */
  void start(long number) {
    runs = true;
    zeroNanos = System.nanoTime() + LEAD_NANOS - number * frameNanos;
  }

  /** Nothing is planned any more; where time passes all the same, it goes on doing so. */
  void flush() {
    runs &= idleFrames;
  }

  /**
   * The number of the next planned frame, one that is not over yet.
   *
   * @param number the lowest that is free
   * @param nothingPlanned whether no other frame waits for its time
   */
  long place(long number, boolean nothingPlanned) {
    long soonest = System.nanoTime() + TOO_NEAR_NANOS;
    if (!runs) {
      start(number);
    } else if (idleFrames && (nothingPlanned || dueNanos(number) < soonest)) {
      long lead = System.nanoTime() + LEAD_NANOS - zeroNanos;
      return Math.max(number, Math.ceilDiv(lead, frameNanos));
    } else if (nothingPlanned && dueNanos(number) < soonest) {
      start(number);
    }
    return number;
  }

  /** After a pause of the client's, frames go on at their pace instead of all at once. */
  void sends(long number) {
    long now = System.nanoTime();
    if (runs && now - dueNanos(number) > LONGEST_LAG_NANOS) {
      zeroNanos = now - number * frameNanos;
    }
  }
}
