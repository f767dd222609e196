package io.lipstream.streaming.rtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RtcpTest {
  private static final HexFormat HEX = HexFormat.of().withDelimiter(" ");

  private static String written(RtcpWriter writer) {
    return HEX.formatHex(writer.packet(), 0, writer.length());
  }

  @Test
  void aSenderReportIsFollowedByItsName() {
    // RFC 3550, sections 6.4.1 and 6.5
    RtcpWriter writer = new RtcpWriter();
    writer.senderReport(0x11223344, 0x0102030405060708L, 0x0a0b0c0d, 7, 9);
    writer.description(0x11223344, "abc");

    assertThat(written(writer))
        .isEqualTo(
            "80 c8 00 06 11 22 33 44 01 02 03 04 05 06 07 08 0a 0b 0c 0d 00 00 00 07 00 00 00 09 "
                + "81 ca 00 03 11 22 33 44 01 03 61 62 63 00 00 00");
  }

  @Test
  void neighboursOfAMissingPacketShareItsEntry() {
    // RFC 4585, section 6.2.1: PID, then a bit for each of the 16 after it
    RtcpWriter writer = new RtcpWriter();
    writer.nack(1, 2, new long[] {0xfffe, 0xffff, 0x1_000e, 0x1_000f, 0x2_0000}, 5);

    assertThat(written(writer))
        .isEqualTo("81 cd 00 05 00 00 00 01 00 00 00 02 ff fe 80 01 00 0f 00 00 00 00 00 00");
    List<Integer> read = new ArrayList<>();
    RtcpReader.read(
        writer.packet(),
        writer.length(),
        new RtcpReader.Listener() {
          @Override
          public void nack(int mediaSsrc, int sequence) {
            assertThat(mediaSsrc).isEqualTo(2);
            read.add(sequence);
          }
        });
    assertThat(read).containsExactly(0xfffe, 0xffff, 0x000e, 0x000f, 0);
  }

  @Test
  void requestsForKeyFramesAreReadInBothForms() {
    byte[] both =
        HEX.parseHex(
            "80 c9 00 01 00 00 00 01 81 ce 00 02 00 00 00 01 00 00 00 05 "
                + "84 ce 00 04 00 00 00 01 00 00 00 00 00 00 00 06 2a 00 00 00");
    List<Integer> wanted = new ArrayList<>();

    RtcpReader.read(
        both,
        both.length,
        new RtcpReader.Listener() {
          @Override
          public void keyFrameWanted(int mediaSsrc) {
            wanted.add(mediaSsrc);
          }
        });

    assertThat(wanted).containsExactly(5, 6);
  }

  @Test
  void lossAndDelayAreReportedAsTheStandardCountsThem() {
    Reception reception = new Reception(90_000);
    RtpHeader header = new RtpHeader();
    byte[] packet = new byte[12];
    packet[0] = (byte) 0x80;
    BigEndian.put32(packet, 8, 77);
    for (int i = 0; i < 100; i++) {
      if (i % 4 != 3) {
        BigEndian.put16(packet, 2, 65_500 + i);
        BigEndian.put32(packet, 4, i * 900);
        header.read(packet, 12);
        reception.packet(header, i * 10_000_000L);
      }
    }
    reception.senderReport(0x1111_2222_3333_4444L, 0, 1_000_000_000);
    RtcpWriter writer = new RtcpWriter().receiverReport(1).reportOn(reception, 1_500_000_000);
    List<String> read = new ArrayList<>();

    RtcpReader.read(
        writer.packet(),
        writer.length(),
        new RtcpReader.Listener() {
          @Override
          public void receptionReport(
              int ssrc, int fraction, int lost, int jitter, int lastReport, int delay) {
            read.add(ssrc + " " + fraction + " " + lost + " " + jitter);
            assertThat(lastReport).isEqualTo(0x2222_3333);
            assertThat(delay).isEqualTo(32_768);
          }
        });

    // The last packet, number 99, is one of the lost: 24 of 99 are known to be.
    assertThat(read).containsExactly("77 62 24 0");
  }

  @Test
  void arrivalTimesSurviveTheJourney() {
    long seed = 9;
    Random random = new Random(seed);
    Arrivals arrivals = new Arrivals();
    TransportFeedback feedback = new TransportFeedback();
    long now = 77_000_000_000L;
    long sequence = 65_000;
    long[] arrivedNanos = new long[8_000];
    Arrays.fill(arrivedNanos, -1);
    byte[] message = new byte[1_200];
    int told = 0;
    for (int i = 0; i < 8_000; i++) {
      now += random.nextInt(20) == 0 ? 300_000_000 : random.nextInt(6_000_000);
      if (random.nextInt(100) < 85) {
        arrivals.packet((int) (sequence + i) & 0xffff, now);
        arrivedNanos[i] = now;
      }
      if (random.nextInt(30) == 0) {
        while (arrivals.hasNews()) {
          int length = arrivals.write(message, 0, 400);
          assertThat(length).isLessThanOrEqualTo(400);
          assertThat(feedback.read(message, 0, length)).isTrue();
          for (int k = 0; k < feedback.count(); k++) {
            int index = (feedback.base() + k - 65_000) & 0xffff;
            assertThat(feedback.arrived(k)).isEqualTo(arrivedNanos[index] >= 0);
            if (feedback.arrived(k)) {
              long arrived =
                  feedback.reference() * Arrivals.REFERENCE_NANOS + feedback.arrivalNanos(k);
              assertThat(arrivedNanos[index] - arrived).isBetween(0L, 249_999L);
              told++;
            }
          }
        }
      }
    }
    assertThat(told).isGreaterThan(6_000);
  }

  @Test
  void aTransportFeedbackIsReadAsTheDraftLaysItOut() {
    // base 5, 7 packets, reference 2, count 1; run of 2 small, then vector: 0 2 0 0 1 (two bits)
    byte[] body = HEX.parseHex("00 05 00 07 00 00 02 01 20 02 c8 10 04 08 ff fc 10 00");
    TransportFeedback feedback = new TransportFeedback();

    assertThat(feedback.read(body, 0, body.length)).isTrue();
    assertThat(feedback.base()).isEqualTo(5);
    assertThat(feedback.reference()).isEqualTo(2);
    List<String> told = new ArrayList<>();
    for (int i = 0; i < feedback.count(); i++) {
      told.add(feedback.arrived(i) ? "" + feedback.arrivalNanos(i) / 250_000 : "-");
    }
    assertThat(told).containsExactly("4", "12", "-", "8", "-", "-", "24");
    assertThat(feedback.read(body, 0, body.length - 4)).isFalse();
  }
}
