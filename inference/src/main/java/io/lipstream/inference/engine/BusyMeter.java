package io.lipstream.inference.engine;

/** Which share of their time some workers computed during the last second. Guarded by its owner. */
final class BusyMeter {
  private static final long WINDOW_NANOS = 1_000_000_000;

  private final int workers;
  private long windowStartNanos = System.nanoTime();
  private long busyNanos;
  private double last;

  BusyMeter(int workers) {
    this.workers = workers;
  }

  void add(long nowNanos, long computedNanos) {
    roll(nowNanos);
    busyNanos += computedNanos;
  }

  /** From 0 to 1; the second that has just begun counts by what it has of it. */
  double share(long nowNanos) {
    roll(nowNanos);
    double passed = (double) (nowNanos - windowStartNanos) / WINDOW_NANOS;
    double present = (double) busyNanos / WINDOW_NANOS / workers;
    return Math.clamp(last * (1 - passed) + present, 0, 1);
  }

  private void roll(long nowNanos) {
    long passed = nowNanos - windowStartNanos;
    if (passed < WINDOW_NANOS) {
      return;
    }
    last = passed < 2 * WINDOW_NANOS ? (double) busyNanos / WINDOW_NANOS / workers : 0;
    busyNanos = 0;
    windowStartNanos = nowNanos - passed % WINDOW_NANOS;
  }
}
