package io.lipstream.streaming.rtp;

/** The sequence numbers that did not come yet, in ascending order, and when to ask for them. */
final class MissingPackets {
  private static final int CAPACITY = 512;
  private static final int MAX_ASKED = 10;

  /** What is only out of order comes by itself within this time. */
  private static final long REORDERED_NANOS = 10_000_000;

  private static final long GIVE_UP_NANOS = 1_000_000_000;
  private static final long MIN_REPEAT_NANOS = 20_000_000;
  private static final long FIRST_ROUND_TRIP_NANOS = 100_000_000;

  private final long[] sequences = new long[CAPACITY];
  private final long[] sinceNanos = new long[CAPACITY];
  private final long[] askedNanos = new long[CAPACITY];
  private final int[] asked = new int[CAPACITY];
  private final long[] due = new long[CAPACITY];
  private int count;
  private double roundTripNanos = FIRST_ROUND_TRIP_NANOS;

  int count() {
    return count;
  }

  /** Numbers from one up to but without another are missing; false when that is too much. */
  boolean add(long from, long to, long nowNanos) {
    if (to - from > CAPACITY - count) {
      return false;
    }
    for (long s = from; s < to; s++) {
      sequences[count] = s;
      sinceNanos[count] = nowNanos;
      askedNanos[count] = 0;
      asked[count++] = 0;
    }
    return true;
  }

  /**
   * One came. What came because it was asked for once tells the time of an answer.
   *
   * @return whether it had been asked for
   */
  boolean remove(long sequence, long nowNanos) {
    int i = 0;
    while (i < count && sequences[i] < sequence) {
      i++;
    }
    if (i == count || sequences[i] != sequence) {
      return false;
    }
    boolean wasAsked = asked[i] > 0;
    if (asked[i] == 1) {
      roundTripNanos += (nowNanos - askedNanos[i] - roundTripNanos) / 8;
    }
    remove(i, i + 1);
    return wasAsked;
  }

  /** Nobody waits any more for what is before a number. */
  void forgetBefore(long sequence) {
    int i = 0;
    while (i < count && sequences[i] < sequence) {
      i++;
    }
    remove(0, i);
  }

  private void remove(int from, int to) {
    int tail = count - to;
    System.arraycopy(sequences, to, sequences, from, tail);
    System.arraycopy(sinceNanos, to, sinceNanos, from, tail);
    System.arraycopy(askedNanos, to, askedNanos, from, tail);
    System.arraycopy(asked, to, asked, from, tail);
    count -= to - from;
  }

  /** Whether one was asked for in vain too often or for too long. */
  boolean hopeless(long nowNanos) {
    for (int i = 0; i < count; i++) {
      if (asked[i] >= MAX_ASKED || nowNanos - sinceNanos[i] > GIVE_UP_NANOS) {
        return true;
      }
    }
    return false;
  }

  /** Collects into {@link #due()} what is to be asked for now. */
  int ask(long nowNanos) {
    int dueCount = 0;
    long repeat = (long) Math.max(MIN_REPEAT_NANOS, roundTripNanos * 1.2);
    for (int i = 0; i < count; i++) {
      boolean now =
          asked[i] == 0
              ? nowNanos - sinceNanos[i] >= REORDERED_NANOS
              : nowNanos - askedNanos[i] >= repeat;
      if (now) {
        asked[i]++;
        askedNanos[i] = nowNanos;
        due[dueCount++] = sequences[i];
      }
    }
    return dueCount;
  }

  long[] due() {
    return due;
  }
}
