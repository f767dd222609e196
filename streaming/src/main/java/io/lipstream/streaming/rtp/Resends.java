package io.lipstream.streaming.rtp;

/** The packets asked for again, in the order of asking; at most as many as are remembered. */
final class Resends {
  private static final int CAPACITY = 512;

  /** A packet that did not arrive after so many attempts is left to the next keyframe. */
  private static final int MAX_TIMES = 10;

  /** What was sent longer ago helps nobody who listens live. */
  private static final long MAX_AGE_NANOS = 1_500_000_000L;

  /** Asking twice within this time means the same loss. */
  private static final long MIN_SPACING_NANOS = 10_000_000;

  private final long[] queue = new long[CAPACITY];
  private long first;
  private long end;

  /** Takes a request, unless it comes too late, too often or too soon after the last. */
  void want(SentPackets packets, long sequence, long nowNanos, long roundTripNanos) {
    if (end - first == CAPACITY
        || !packets.has(sequence)
        || packets.timesResent(sequence) >= MAX_TIMES
        || nowNanos - packets.sentNanos(sequence) > MAX_AGE_NANOS
        || (packets.timesResent(sequence) > 0
            && nowNanos - packets.lastSentNanos(sequence)
                < Math.max(MIN_SPACING_NANOS, roundTripNanos / 2))) {
      return;
    }
    for (long i = first; i < end; i++) {
      if (queue[slot(i)] == sequence) {
        return;
      }
    }
    queue[slot(end++)] = sequence;
  }

  boolean isEmpty() {
    return first == end;
  }

  long take() {
    return queue[slot(first++)];
  }

  private static int slot(long index) {
    return (int) (index % CAPACITY);
  }
}
