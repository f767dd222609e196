package io.lipstream.streaming.rtp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes the header of every packet of one track: always the same bytes but for a few numbers. */
final class TrackHeader {
  private final byte[] template;
  private final int transportSequenceAt;
  private final int absSendTimeAt;

  TrackHeader(int ssrc, int payloadType, String mid, RtpSettings.HeaderExtensions extensions) {
    byte[] bytes = new byte[RtpHeader.FIXED_BYTES + 4 + 32];
    bytes[0] = (byte) 0x80;
    bytes[1] = (byte) payloadType;
    BigEndian.put32(bytes, 8, ssrc);
    int start = RtpHeader.FIXED_BYTES + 4;
    int at = start;
    transportSequenceAt = extensions.transportSequence() > 0 ? at + 1 : -1;
    if (transportSequenceAt > 0) {
      bytes[at] = (byte) (extensions.transportSequence() << 4 | 1);
      at += 3;
    }
    absSendTimeAt = extensions.absSendTime() > 0 ? at + 1 : -1;
    if (absSendTimeAt > 0) {
      bytes[at] = (byte) (extensions.absSendTime() << 4 | 2);
      at += 4;
    }
    if (extensions.mid() > 0 && !mid.isEmpty()) {
      byte[] name = mid.getBytes(StandardCharsets.US_ASCII);
      bytes[at] = (byte) (extensions.mid() << 4 | (name.length - 1));
      System.arraycopy(name, 0, bytes, at + 1, name.length);
      at += 1 + name.length;
    }
    if (at == start) {
      template = Arrays.copyOf(bytes, RtpHeader.FIXED_BYTES);
    } else {
      int words = (at - start + 3) / 4;
      bytes[0] |= 0x10;
      BigEndian.put16(bytes, RtpHeader.FIXED_BYTES, 0xbede);
      BigEndian.put16(bytes, RtpHeader.FIXED_BYTES + 2, words);
      template = Arrays.copyOf(bytes, start + 4 * words);
    }
  }

  int bytes() {
    return template.length;
  }

  void write(byte[] into, int at, boolean marker, long sequence, int timestamp) {
    System.arraycopy(template, 0, into, at, template.length);
    if (marker) {
      into[at + 1] |= (byte) 0x80;
    }
    BigEndian.put16(into, at + 2, (int) sequence);
    BigEndian.put32(into, at + 4, timestamp);
  }

  boolean carriesTransportSequence() {
    return transportSequenceAt > 0;
  }

  /** Fills in what is known only when the packet leaves. */
  void stamp(byte[] packet, int at, long transportSequence, int absSendTime) {
    if (transportSequenceAt > 0) {
      BigEndian.put16(packet, at + transportSequenceAt, (int) transportSequence);
    }
    if (absSendTimeAt > 0) {
      BigEndian.put24(packet, at + absSendTimeAt, absSendTime);
    }
  }
}
