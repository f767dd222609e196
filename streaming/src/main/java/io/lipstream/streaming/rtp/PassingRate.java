package io.lipstream.streaming.rtp;

/** How many bits pass a second, over the last half second in which any did. */
final class PassingRate {
  private static final int PACKETS = 1 << 11;
  private static final long WINDOW_NANOS = 500_000_000;
  private static final long MIN_NANOS = 200_000_000;

  private final long[] passedNanos = new long[PACKETS];
  private final int[] bytes = new int[PACKETS];
  private long first;
  private long end;
  private long sum;
  private long newestNanos = Long.MIN_VALUE;

  void packet(long nanos, int size) {
    newestNanos = Math.max(newestNanos, nanos);
    if (end - first == PACKETS) {
      forgetFirst();
    }
    int slot = (int) (end++ % PACKETS);
    passedNanos[slot] = nanos;
    bytes[slot] = size;
    sum += size;
    while (first < end && newestNanos - passedNanos[(int) (first % PACKETS)] > WINDOW_NANOS) {
      forgetFirst();
    }
  }

  private void forgetFirst() {
    sum -= bytes[(int) (first++ % PACKETS)];
  }

  /** 0 when too little passed to tell. */
  double bitsPerSecond() {
    if (end - first < 2) {
      return 0;
    }
    long span = newestNanos - passedNanos[(int) (first % PACKETS)];
    return span < MIN_NANOS ? 0 : sum * 8e9 / span;
  }
}
