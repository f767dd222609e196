package io.lipstream.streaming.rtp;

/**
 * What is known of one stream that comes in: loss and jitter, as RFC 3550 (A.3, A.8) counts them.
 */
final class Reception {
  private final int clockHz;
  private int ssrc;
  private boolean known;
  private long firstSequence;
  private long highest;
  private long received;
  private long expectedBefore;
  private long receivedBefore;
  private double jitter;
  private double transit;
  private int lastReport;
  private long lastReportNanos;
  private long reportNtp;
  private int reportTimestamp;

  Reception(int clockHz) {
    this.clockHz = clockHz;
  }

  boolean known() {
    return known;
  }

  int ssrc() {
    return ssrc;
  }

  long received() {
    return received;
  }

  /** Packets that never came, or not yet. */
  long lost() {
    return known ? Math.max(0, highest - firstSequence + 1 - received) : 0;
  }

  /** Counts a packet and returns its sequence number without wrapping. */
  long packet(RtpHeader header, long nowNanos) {
    if (!known || header.ssrc != ssrc) {
      begin(header);
    }
    long sequence = BigEndian.unwrap16(highest, header.sequence);
    received++;
    highest = Math.max(highest, sequence);
    double arrival = nowNanos / 1e9 * clockHz;
    double now = arrival - (header.timestamp & 0xffff_ffffL);
    double change = Math.abs(now - transit);
    if (received > 1 && change < clockHz) { // else the timestamps wrapped or the source jumped
      jitter += (change - jitter) / 16;
    }
    transit = now;
    return sequence;
  }

  private void begin(RtpHeader header) {
    known = true;
    ssrc = header.ssrc;
    // Not near 0, so that an earlier packet that comes later has a number too.
    firstSequence = 0x10000L + header.sequence;
    highest = firstSequence;
    received = 0;
    expectedBefore = 0;
    receivedBefore = 0;
    jitter = 0;
  }

  void senderReport(long ntp, int rtpTimestamp, long nowNanos) {
    reportNtp = ntp;
    reportTimestamp = rtpTimestamp;
    lastReport = (int) (ntp >>> 16);
    lastReportNanos = nowNanos;
  }

  /**
   * When a timestamp is to be presented, in nanoseconds since 1900 on the sender's clock.
   *
   * @return {@link Long#MIN_VALUE} before the first sender report
   */
  long presentationNanos(int timestamp) {
    if (reportNtp == 0) {
      return Long.MIN_VALUE;
    }
    return MediaClock.ntpNanos(reportNtp)
        + (timestamp - reportTimestamp) * 1_000_000_000L / clockHz;
  }

  /** Writes the block of 24 bytes on what came since the last one. */
  void writeReport(byte[] into, int at, long nowNanos) {
    long expected = known ? highest - firstSequence + 1 : 0;
    long expectedNow = expected - expectedBefore;
    long lostNow = expectedNow - (received - receivedBefore);
    expectedBefore = expected;
    receivedBefore = received;
    int fraction =
        expectedNow <= 0 || lostNow <= 0 ? 0 : (int) Math.min(255, lostNow * 256 / expectedNow);
    BigEndian.put32(into, at, ssrc);
    into[at + 4] = (byte) fraction;
    BigEndian.put24(into, at + 5, Math.clamp(expected - received, -0x80_0000, 0x7f_ffff));
    BigEndian.put32(into, at + 8, (int) highest);
    BigEndian.put32(into, at + 12, (int) jitter);
    BigEndian.put32(into, at + 16, lastReport);
    BigEndian.put32(
        into, at + 20, lastReport == 0 ? 0 : (int) ((nowNanos - lastReportNanos) / 1e9 * 65_536));
  }
}
