package io.lipstream.streaming.rtp;

/** Reads H.264 payloads of packetization mode 1 (RFC 6184) into units with start codes. */
final class H264Depacketiser extends PictureDepacketiser {
  private static final byte[] START_CODE = {0, 0, 0, 1};

  private final byte[] unitHeader = new byte[1];
  private boolean inFragment;

  @Override
  void begin(boolean isKeyFrame) {
    super.begin(isKeyFrame);
    inFragment = false;
  }

  @Override
  boolean startsKeyFrame(byte[] packet, int offset, int payloadLength) {
    if (payloadLength < 2) {
      return false;
    }
    int type = packet[offset] & H264Packetiser.TYPE_MASK;
    return switch (type) {
      case H264Packetiser.STAP_A ->
          payloadLength > 3 && beginsKeyFrame(packet[offset + 3] & H264Packetiser.TYPE_MASK);
      case H264Packetiser.FU_A ->
          (packet[offset + 1] & 0x80) != 0
              && beginsKeyFrame(packet[offset + 1] & H264Packetiser.TYPE_MASK);
      default -> beginsKeyFrame(type);
    };
  }

  private static boolean beginsKeyFrame(int type) {
    return type == H264Packetiser.SPS || type == H264Packetiser.IDR;
  }

  @Override
  boolean add(byte[] packet, int offset, int payloadLength) {
    if (payloadLength < 2) {
      return false;
    }
    int type = packet[offset] & H264Packetiser.TYPE_MASK;
    if (inFragment != (type == H264Packetiser.FU_A && (packet[offset + 1] & 0x80) == 0)) {
      return false; // a unit was not finished, or never began
    }
    return switch (type) {
      case H264Packetiser.STAP_A -> together(packet, offset + 1, offset + payloadLength);
      case H264Packetiser.FU_A -> fragment(packet, offset, payloadLength);
      default ->
          type > 0
              && type < H264Packetiser.STAP_A
              && append(START_CODE, 0, 4)
              && append(packet, offset, payloadLength);
    };
  }

  private boolean together(byte[] packet, int from, int end) {
    int at = from;
    while (at + 2 <= end) {
      int bytes = BigEndian.u16(packet, at);
      at += 2;
      if (bytes == 0
          || at + bytes > end
          || !append(START_CODE, 0, 4)
          || !append(packet, at, bytes)) {
        return false;
      }
      at += bytes;
    }
    return at == end;
  }

  private boolean fragment(byte[] packet, int offset, int payloadLength) {
    int fragment = packet[offset + 1];
    if ((fragment & 0x80) != 0) {
      unitHeader[0] = (byte) ((packet[offset] & 0xe0) | (fragment & H264Packetiser.TYPE_MASK));
      if (!append(START_CODE, 0, 4) || !append(unitHeader, 0, 1)) {
        return false;
      }
    }
    inFragment = (fragment & 0x40) == 0;
    return append(packet, offset + 2, payloadLength - 2);
  }

  @Override
  boolean complete() {
    return length() > 0 && !inFragment;
  }
}
