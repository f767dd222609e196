package io.lipstream.streaming.rtp;

import java.nio.charset.StandardCharsets;

/** Writes one compound RTCP packet after another into the same scratch. */
final class RtcpWriter {
  private static final int CNAME = 1;

  private final byte[] packet = new byte[RtpSession.MAX_PACKET_BYTES + PacketSink.SPARE_BYTES];
  private int length;
  private int partAt;

  byte[] packet() {
    return packet;
  }

  int length() {
    return length;
  }

  int room() {
    return RtpSession.MAX_PACKET_BYTES - length;
  }

  RtcpWriter clear() {
    length = 0;
    return this;
  }

  /** Sends what was written, if anything. */
  void sendTo(PacketSink sink) {
    if (length > 0) {
      sink.rtcp(packet, length);
    }
    length = 0;
  }

  private void begin(int countOrFormat, int type) {
    partAt = length;
    packet[length] = (byte) (0x80 | countOrFormat);
    packet[length + 1] = (byte) type;
    length += 4;
  }

  private void end() {
    while ((length - partAt) % 4 != 0) {
      packet[length++] = 0;
    }
    BigEndian.put16(packet, partAt + 2, (length - partAt) / 4 - 1);
  }

  private void word(int value) {
    BigEndian.put32(packet, length, value);
    length += 4;
  }

  RtcpWriter senderReport(int ssrc, long ntp, int rtpTimestamp, long packets, long payloadBytes) {
    begin(0, RtcpReader.SENDER_REPORT);
    word(ssrc);
    word((int) (ntp >>> 32));
    word((int) ntp);
    word(rtpTimestamp);
    word((int) packets);
    word((int) payloadBytes);
    end();
    return this;
  }

  RtcpWriter receiverReport(int ssrc) {
    begin(0, RtcpReader.RECEIVER_REPORT);
    word(ssrc);
    end();
    return this;
  }

  /** Adds a block to the report that was written last. */
  RtcpWriter reportOn(Reception reception, long nowNanos) {
    packet[partAt]++;
    reception.writeReport(packet, length, nowNanos);
    length += RtcpReader.REPORT_BLOCK_BYTES;
    end();
    return this;
  }

  RtcpWriter description(int ssrc, String cname) {
    begin(1, RtcpReader.DESCRIPTION);
    word(ssrc);
    packet[length] = CNAME;
    packet[length + 1] = (byte) cname.length();
    length += 2;
    for (int i = 0; i < cname.length(); i++) {
      packet[length++] = (byte) cname.charAt(i);
    }
    packet[length++] = 0; // the end of the items, then padding
    end();
    return this;
  }

  RtcpWriter goodbye(int ssrc, String reason) {
    begin(1, RtcpReader.GOODBYE);
    word(ssrc);
    byte[] text = reason.getBytes(StandardCharsets.US_ASCII);
    packet[length++] = (byte) text.length;
    System.arraycopy(text, 0, packet, length, text.length);
    length += text.length;
    end();
    return this;
  }

  RtcpWriter pictureLoss(int senderSsrc, int mediaSsrc) {
    begin(RtcpReader.PLI, RtcpReader.PAYLOAD_FEEDBACK);
    word(senderSsrc);
    word(mediaSsrc);
    end();
    return this;
  }

  /** Asks for packets again; each number may be there once. */
  RtcpWriter nack(int senderSsrc, int mediaSsrc, long[] ascending, int count) {
    begin(RtcpReader.NACK, RtcpReader.TRANSPORT_FEEDBACK);
    word(senderSsrc);
    word(mediaSsrc);
    int i = 0;
    while (i < count && room() >= 4) {
      long first = ascending[i++];
      int following = 0;
      while (i < count && ascending[i] - first <= 16) {
        following |= 1 << (ascending[i++] - first - 1);
      }
      word((int) first << 16 | following);
    }
    end();
    return this;
  }

  /** Says what arrived and when, as far as there is room; see {@link Arrivals}. */
  RtcpWriter transportFeedback(int senderSsrc, int mediaSsrc, Arrivals arrivals) {
    begin(RtcpReader.TRANSPORT_WIDE, RtcpReader.TRANSPORT_FEEDBACK);
    word(senderSsrc);
    word(mediaSsrc);
    length += arrivals.write(packet, length, room());
    end();
    return this;
  }
}
