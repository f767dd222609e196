package io.lipstream.streaming.rtp;

/**
 * How much may leave now: a budget that fills at a rate and is overdrawn by at most one packet, or
 * by sound, which never waits.
 */
final class Pacer {
  /** A keyframe leaves this much faster than the connection is thought to carry on average. */
  private static final double HASTE = 2.5;

  /** But not while queues on its way grow. */
  private static final double HASTE_UNDER_STRAIN = 1.1;

  /** What may leave at once after a pause: a usual picture, not a keyframe. */
  private static final long BURST_NANOS = 20_000_000;

  private static final int MIN_BURST_BYTES = 3 * RtpSession.MAX_PACKET_BYTES;

  private double bytesPerNano;
  private double budgetBytes;
  private long filledNanos;

  Pacer(long nowNanos, int bitsPerSecond) {
    filledNanos = nowNanos;
    bitrate(bitsPerSecond, false);
    budgetBytes = burstBytes();
  }

  void bitrate(int bitsPerSecond, boolean strained) {
    bytesPerNano = (strained ? HASTE_UNDER_STRAIN : HASTE) * bitsPerSecond / 8e9;
  }

  private double burstBytes() {
    return Math.max(MIN_BURST_BYTES, bytesPerNano * BURST_NANOS);
  }

  void fill(long nowNanos) {
    long elapsed = Math.max(0, nowNanos - filledNanos);
    filledNanos = Math.max(filledNanos, nowNanos);
    budgetBytes = Math.min(burstBytes(), budgetBytes + elapsed * bytesPerNano);
  }

  boolean open() {
    return budgetBytes > 0;
  }

  void spend(int bytes) {
    budgetBytes = Math.max(-burstBytes(), budgetBytes - bytes);
  }

  /** How long so much takes to leave. */
  long nanosFor(int bytes) {
    return (long) (bytes / bytesPerNano);
  }
}
