package io.lipstream.streaming.rtp;

/** Reads compound RTCP packets (RFC 3550, 4585, 5104); stops at the first thing that is none. */
final class RtcpReader {
  static final int SENDER_REPORT = 200;
  static final int RECEIVER_REPORT = 201;
  static final int DESCRIPTION = 202;
  static final int GOODBYE = 203;
  static final int TRANSPORT_FEEDBACK = 205;
  static final int PAYLOAD_FEEDBACK = 206;

  static final int NACK = 1;
  static final int TRANSPORT_WIDE = 15;
  static final int PLI = 1;
  static final int FIR = 4;

  static final int REPORT_BLOCK_BYTES = 24;

  /** What was read, in the packet's order. Whatever SSRC it names, known or not, is handed over. */
  interface Listener {
    default void senderReport(int ssrc, long ntp, int rtpTimestamp) {}

    /**
     * A block of a receiver's or sender's report.
     *
     * @param fractionLost in 1/256
     * @param lastReport the middle 32 bits of the NTP time of the last sender report; 0 for none
     * @param delay since it came, in 1/65536 s
     */
    default void receptionReport(
        int ssrc, int fractionLost, int cumulativeLost, int jitter, int lastReport, int delay) {}

    default void nack(int mediaSsrc, int sequence) {}

    /** A picture loss indication or a full intra request. */
    default void keyFrameWanted(int mediaSsrc) {}

    /** The body after both SSRCs, to be read by {@link TransportFeedback}. */
    default void transportFeedback(byte[] packet, int offset, int end) {}

    default void goodbye(int ssrc) {}
  }

  private RtcpReader() {}

  static void read(byte[] packet, int length, Listener listener) {
    int end = Math.min(length, packet.length);
    int at = 0;
    while (at + 8 <= end && (packet[at] & 0xc0) == 0x80) {
      int next = at + 4 * (BigEndian.u16(packet, at + 2) + 1);
      int last = next;
      if (next <= end && (packet[at] & 0x20) != 0) {
        last -= BigEndian.u8(packet, next - 1);
      }
      if (next > end || last < at + 8) {
        return;
      }
      readOne(packet, at, last, listener);
      at = next;
    }
  }

  private static void readOne(byte[] packet, int at, int end, Listener listener) {
    int count = packet[at] & 31;
    switch (BigEndian.u8(packet, at + 1)) {
      case SENDER_REPORT -> {
        if (at + 28 <= end) {
          listener.senderReport(
              BigEndian.i32(packet, at + 4),
              BigEndian.i64(packet, at + 8),
              BigEndian.i32(packet, at + 16));
          reportBlocks(packet, at + 28, end, count, listener);
        }
      }
      case RECEIVER_REPORT -> reportBlocks(packet, at + 8, end, count, listener);
      case GOODBYE -> {
        for (int i = 0, from = at + 4; i < count && from + 4 <= end; i++, from += 4) {
          listener.goodbye(BigEndian.i32(packet, from));
        }
      }
      case TRANSPORT_FEEDBACK -> transportLayer(packet, at, end, count, listener);
      case PAYLOAD_FEEDBACK -> payloadSpecific(packet, at, end, count, listener);
      default -> {} // nothing that is of use here
    }
  }

  private static void reportBlocks(byte[] packet, int from, int end, int count, Listener listener) {
    int at = from;
    for (int i = 0; i < count && at + REPORT_BLOCK_BYTES <= end; i++, at += REPORT_BLOCK_BYTES) {
      listener.receptionReport(
          BigEndian.i32(packet, at),
          BigEndian.u8(packet, at + 4),
          BigEndian.u24(packet, at + 5) << 8 >> 8,
          BigEndian.i32(packet, at + 12),
          BigEndian.i32(packet, at + 16),
          BigEndian.i32(packet, at + 20));
    }
  }

  private static void transportLayer(
      byte[] packet, int at, int end, int format, Listener listener) {
    if (at + 12 > end) {
      return;
    }
    if (format == NACK) {
      int media = BigEndian.i32(packet, at + 8);
      for (int from = at + 12; from + 4 <= end; from += 4) {
        int first = BigEndian.u16(packet, from);
        int following = BigEndian.u16(packet, from + 2);
        listener.nack(media, first);
        for (int i = 0; i < 16; i++) {
          if ((following >> i & 1) != 0) {
            listener.nack(media, first + 1 + i & 0xffff);
          }
        }
      }
    } else if (format == TRANSPORT_WIDE) {
      listener.transportFeedback(packet, at + 12, end);
    }
  }

  private static void payloadSpecific(
      byte[] packet, int at, int end, int format, Listener listener) {
    if (at + 12 > end) {
      return;
    }
    if (format == PLI) {
      listener.keyFrameWanted(BigEndian.i32(packet, at + 8));
    } else if (format == FIR) {
      for (int from = at + 12; from + 8 <= end; from += 8) {
        listener.keyFrameWanted(BigEndian.i32(packet, from));
      }
    }
  }
}
