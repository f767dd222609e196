package io.lipstream.streaming.rtp;

/** Reads VP8 payloads (RFC 7741, section 4.2). */
final class Vp8Depacketiser extends PictureDepacketiser {
  private int pictureId = -1;

  /** The picture's id of the payload read last, 7 or 15 bits; -1 when it has none. */
  int pictureId() {
    return pictureId;
  }

  @Override
  boolean startsKeyFrame(byte[] packet, int offset, int payloadLength) {
    int header = descriptorBytes(packet, offset, payloadLength);
    return header > 0 && startsPicture(packet[offset]) && (packet[offset + header] & 1) == 0;
  }

  private static boolean startsPicture(byte descriptor) {
    return (descriptor & 0x10) != 0 && (descriptor & 0x07) == 0;
  }

  @Override
  boolean add(byte[] packet, int offset, int payloadLength) {
    int header = descriptorBytes(packet, offset, payloadLength);
    return header > 0
        && (length() > 0 || startsPicture(packet[offset]))
        && append(packet, offset + header, payloadLength - header);
  }

  @Override
  boolean complete() {
    return length() > 0;
  }

  /** At least one byte follows the descriptor; else -1. */
  private int descriptorBytes(byte[] packet, int offset, int payloadLength) {
    int end = offset + payloadLength;
    int at = offset + 1;
    pictureId = -1;
    if (at < end && (packet[offset] & 0x80) != 0) {
      int extensions = packet[at++];
      if ((extensions & 0x80) != 0 && at + 1 < end) {
        boolean fifteenBits = (packet[at] & 0x80) != 0;
        pictureId = fifteenBits ? BigEndian.u16(packet, at) & 0x7fff : packet[at];
        at += fifteenBits ? 2 : 1;
      } else if ((extensions & 0x80) != 0) {
        return -1;
      }
      at += (extensions & 0x40) != 0 ? 1 : 0; // TL0PICIDX
      at += (extensions & 0x30) != 0 ? 1 : 0; // TID, Y, KEYIDX
    }
    return at < end ? at - offset : -1;
  }
}
