package io.lipstream.streaming.rtp;

/** Reads one RTP packet's header and extensions (RFC 3550, RFC 8285); reused for every packet. */
final class RtpHeader {
  static final int FIXED_BYTES = 12;

  private static final int ONE_BYTE_PROFILE = 0xbede;
  private static final int TWO_BYTE_PROFILE = 0x1000;

  boolean marker;
  int payloadType;
  int sequence;
  int timestamp;
  int ssrc;
  int payloadOffset;
  int payloadLength;

  private int extensionProfile;
  private int extensionOffset;
  private int extensionEnd;

  /** Reads it; false for what is no RTP packet, and the fields then mean nothing. */
  boolean read(byte[] packet, int length) {
    if (length < FIXED_BYTES || length > packet.length || (packet[0] & 0xc0) != 0x80) {
      return false;
    }
    marker = (packet[1] & 0x80) != 0;
    payloadType = packet[1] & 0x7f;
    sequence = BigEndian.u16(packet, 2);
    timestamp = BigEndian.i32(packet, 4);
    ssrc = BigEndian.i32(packet, 8);
    extensionProfile = 0;
    int at = FIXED_BYTES + 4 * (packet[0] & 15);
    if ((packet[0] & 0x10) != 0) {
      if (at + 4 > length) {
        return false;
      }
      extensionProfile = BigEndian.u16(packet, at);
      extensionOffset = at + 4;
      extensionEnd = extensionOffset + 4 * BigEndian.u16(packet, at + 2);
      at = extensionEnd;
    }
    int padding = 0;
    if ((packet[0] & 0x20) != 0 && at < length) {
      padding = BigEndian.u8(packet, length - 1);
    }
    payloadOffset = at;
    payloadLength = length - at - padding;
    return payloadLength >= 0;
  }

  /**
   * Where an extension's data are in the packet that was read.
   *
   * @return -1 when it has no such extension of at least that many bytes
   */
  int extension(byte[] packet, int id, int minBytes) {
    boolean twoBytes = (extensionProfile & 0xfff0) == TWO_BYTE_PROFILE;
    if (id == 0 || (extensionProfile != ONE_BYTE_PROFILE && !twoBytes)) {
      return -1;
    }
    int at = extensionOffset;
    while (at < extensionEnd) {
      int first = BigEndian.u8(packet, at);
      if (first == 0) {
        at++;
        continue;
      }
      if (twoBytes && at + 1 >= extensionEnd) {
        return -1;
      }
      int found = twoBytes ? first : first >> 4;
      int bytes = twoBytes ? BigEndian.u8(packet, at + 1) : (first & 15) + 1;
      at += twoBytes ? 2 : 1;
      if (at + bytes > extensionEnd || (!twoBytes && found == 15)) {
        return -1;
      }
      if (found == id) {
        return bytes >= minBytes ? at : -1;
      }
      at += bytes;
    }
    return -1;
  }
}
