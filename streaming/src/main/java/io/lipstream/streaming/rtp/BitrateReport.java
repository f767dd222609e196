package io.lipstream.streaming.rtp;

/**
 * Tells the encoder what is left for pictures, not at every change: less at once from 5 % on, more
 * from 8 % on and at most once a second, since each change costs an encoder some of its quality.
 */
final class BitrateReport {
  private static final double LESS = 0.95;
  private static final double MORE = 1.08;
  private static final long LESS_NANOS = 100_000_000;
  private static final long MORE_NANOS = 1_000_000_000;

  /** Headers and descriptors of packets of 1,200 bytes. */
  private static final double PAYLOAD_SHARE = 0.96;

  private static final double MAX_REPAIR_SHARE = 0.25;
  private static final long WINDOW_NANOS = 1_000_000_000;

  private final int minBps;
  private int reportedBps;
  private long reportedNanos;
  private long windowNanos;
  private long soundBytes;
  private long repairBytes;
  private double soundBps;
  private double repairBps;

  BitrateReport(RtpSettings.Bitrate bounds, long nowNanos) {
    minBps = bounds.minBps();
    windowNanos = nowNanos;
  }

  /** Sound takes its share first. */
  void sound(int bytes) {
    soundBytes += bytes;
  }

  /** So do repairs, but not all of it: they come in bursts, and pictures have to go on. */
  void repair(int bytes) {
    repairBytes += bytes;
  }

  /** What pictures may take of an estimate. */
  int pictureBps(int estimateBps) {
    double repairs = Math.min(repairBps, MAX_REPAIR_SHARE * estimateBps);
    return (int) Math.max(minBps / 2.0, (estimateBps - soundBps - repairs) * PAYLOAD_SHARE);
  }

  /** The bitrate to be told now, or 0. */
  int take(int estimateBps, long nowNanos) {
    long elapsed = nowNanos - windowNanos;
    if (elapsed >= WINDOW_NANOS) {
      soundBps = soundBytes * 8e9 / elapsed;
      repairBps = repairBytes * 8e9 / elapsed;
      soundBytes = 0;
      repairBytes = 0;
      windowNanos = nowNanos;
    }
    int bps = pictureBps(estimateBps);
    boolean worth =
        reportedBps == 0
            || (bps < LESS * reportedBps && nowNanos - reportedNanos >= LESS_NANOS)
            || (bps > MORE * reportedBps && nowNanos - reportedNanos >= MORE_NANOS);
    if (!worth) {
      return 0;
    }
    reportedBps = bps;
    reportedNanos = nowNanos;
    return bps;
  }
}
