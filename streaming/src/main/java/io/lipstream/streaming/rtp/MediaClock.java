package io.lipstream.streaming.rtp;

/**
 * One clock's moments as RTP and NTP timestamps.
 *
 * <p>Pictures and sound of a session share one, and every timestamp is computed from the moment
 * itself, never from the one before: a browser that lines both up by their sender reports finds the
 * same offset for ever.
 */
final class MediaClock {
  static final int VIDEO_HZ = 90_000;
  static final int SOUND_HZ = 48_000;

  private static final long NANOS = 1_000_000_000;
  private static final long NTP_EPOCH_SECONDS = 2_208_988_800L;

  private final long epochNanos;
  private final long ntpEpochNanos;
  private final int offset;

  /**
   * @param epochNanos a moment on the session's clock
   * @param wallNanos the same moment since 1970
   * @param offset what both timestamps have there
   */
  MediaClock(long epochNanos, long wallNanos, int offset) {
    this.epochNanos = epochNanos;
    this.ntpEpochNanos = wallNanos + NTP_EPOCH_SECONDS * NANOS;
    this.offset = offset;
  }

  int videoTimestamp(long nanos) {
    return offset + (int) Math.floorDiv((nanos - epochNanos) * 9, 100_000L);
  }

  int soundTimestamp(long nanos) {
    return offset + (int) Math.floorDiv((nanos - epochNanos) * 6, 125_000L);
  }

  /** Seconds since 1900, 32.32 bits (RFC 3550, section 4). */
  long ntp(long nanos) {
    long since1900 = ntpEpochNanos + (nanos - epochNanos);
    return (since1900 / NANOS) << 32 | (((since1900 % NANOS) << 32) / NANOS);
  }

  /** Seconds, 6.18 bits. */
  int absSendTime(long nanos) {
    return (int) (ntp(nanos) >>> 14) & 0xff_ffff;
  }

  /** Nanoseconds since 1900 of a 32.32 timestamp. */
  static long ntpNanos(long ntp) {
    return (ntp >>> 32) * NANOS + (((ntp & 0xffff_ffffL) * NANOS) >>> 32);
  }
}
