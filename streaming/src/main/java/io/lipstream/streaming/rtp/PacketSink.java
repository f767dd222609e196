package io.lipstream.streaming.rtp;

/**
 * Where a session's packets go: encrypted in place and sent.
 *
 * <p>The array is the session's scratch. It may be overwritten until the call returns, has {@link
 * #SPARE_BYTES} free bytes after the packet for what encryption appends, and holds something else
 * afterwards. Calls come one at a time, under the session's lock, and must not block.
 */
public interface PacketSink {
  /** Free bytes after every packet: an SRTP or SRTCP trailer. */
  int SPARE_BYTES = 32;

  /** An RTP packet at the array's beginning. */
  void rtp(byte[] packet, int length);

  /** A compound RTCP packet at the array's beginning. */
  void rtcp(byte[] packet, int length);
}
