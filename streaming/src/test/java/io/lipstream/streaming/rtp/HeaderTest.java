package io.lipstream.streaming.rtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class HeaderTest {
  private static final HexFormat HEX = HexFormat.of().withDelimiter(" ");

  @Test
  void extensionsAreWrittenInTheOneByteForm() {
    // RFC 8285, section 4.2: 0xbede, words, then id and length less one, data, padding
    TrackHeader header =
        new TrackHeader(0x11223344, 96, "v", new RtpSettings.HeaderExtensions(3, 2, 4));
    byte[] packet = new byte[40];

    header.write(packet, 1, true, 0x1_2345, 0x55667788);
    header.stamp(packet, 1, 0x1_abcd, 0x010203);

    assertThat(HEX.formatHex(packet, 1, 1 + header.bytes()))
        .isEqualTo(
            "90 e0 23 45 55 66 77 88 11 22 33 44 be de 00 03 "
                + "31 ab cd 22 01 02 03 40 76 00 00 00");
  }

  @Test
  void withoutExtensionsThereIsNoBlockOfThem() {
    TrackHeader header = new TrackHeader(1, 111, "a", RtpSettings.HeaderExtensions.NONE);
    byte[] packet = new byte[12];

    header.write(packet, 0, false, 2, 3);
    header.stamp(packet, 0, 9, 9);

    assertThat(HEX.formatHex(packet)).isEqualTo("80 6f 00 02 00 00 00 03 00 00 00 01");
  }

  @Test
  void aHeaderIsReadWithExtensionsContributorsAndPadding() {
    byte[] packet =
        HEX.parseHex(
            "b1 e0 23 45 55 66 77 88 11 22 33 44 99 99 99 99 be de 00 02 "
                + "00 31 ab cd 22 01 02 03 aa bb cc 00 00 03");
    RtpHeader header = new RtpHeader();

    assertThat(header.read(packet, packet.length)).isTrue();
    assertThat(header.marker).isTrue();
    assertThat(header.payloadType).isEqualTo(96);
    assertThat(header.sequence).isEqualTo(0x2345);
    assertThat(header.timestamp).isEqualTo(0x55667788);
    assertThat(header.ssrc).isEqualTo(0x11223344);
    assertThat(header.payloadOffset).isEqualTo(28);
    assertThat(header.payloadLength).isEqualTo(3);
    assertThat(header.extension(packet, 3, 2)).isEqualTo(22);
    assertThat(header.extension(packet, 2, 3)).isEqualTo(25);
    assertThat(header.extension(packet, 5, 1)).isEqualTo(-1);
    assertThat(header.extension(packet, 3, 3)).isEqualTo(-1);
  }

  @Test
  void theTwoByteFormIsReadToo() {
    byte[] packet = HEX.parseHex("90 60 00 01 00 00 00 02 00 00 00 03 10 00 00 01 03 02 ab cd 77");
    RtpHeader header = new RtpHeader();

    assertThat(header.read(packet, packet.length)).isTrue();
    assertThat(header.extension(packet, 3, 2)).isEqualTo(18);
  }

  @Test
  void whatCannotBeAgreedOnIsRefused() {
    assertThatThrownBy(() -> new RtpSettings.HeaderExtensions(15, 0, 0)).hasMessageContaining("15");
    assertThatThrownBy(() -> RtpSettings.Track.of(1, 128, "", RtpSettings.HeaderExtensions.NONE))
        .hasMessageContaining("128");
    assertThatThrownBy(() -> new RtpSettings.Bitrate(100_000, 200_000, 300_000))
        .hasMessageContaining("200000");
  }
}
