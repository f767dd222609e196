package io.lipstream.streaming.webrtc;

/** The part of an RTP header (RFC 3550, section 5.1) that encryption needs to know. */
final class RtpHeader {
  private static final int FIXED_BYTES = 12;

  private RtpHeader() {}

  /** Length of the header with its extensions, or -1 if the packet is no RTP. */
  static int bytes(byte[] packet, int length) {
    if (length < FIXED_BYTES || (packet[0] & 0xC0) != 0x80) {
      return -1;
    }
    int end = FIXED_BYTES + 4 * (packet[0] & 0x0F);
    if ((packet[0] & 0x10) != 0) {
      if (length < end + 4) {
        return -1;
      }
      end += 4 + 4 * Bytes.uint16(packet, end + 2);
    }
    return end <= length ? end : -1;
  }

  static int sequence(byte[] packet) {
    return Bytes.uint16(packet, 2);
  }

  static int ssrc(byte[] packet) {
    return Bytes.int32(packet, 8);
  }
}
