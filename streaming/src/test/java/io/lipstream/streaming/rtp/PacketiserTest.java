package io.lipstream.streaming.rtp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.streaming.live.LiveVideoCodec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PacketiserTest {
  private static final HexFormat HEX = HexFormat.of().withDelimiter(" ");

  private static byte[] hex(String text) {
    return HEX.parseHex(text);
  }

  private static List<String> payloads(PicturePacketiser packetiser, byte[] picture, int max) {
    List<String> found = new ArrayList<>();
    packetiser.begin(picture, picture.length, max);
    while (packetiser.hasNext()) {
      byte[] payload = new byte[max + 8];
      int length = packetiser.next(payload, 3);
      assertThat(length).isBetween(1, max);
      found.add(HEX.formatHex(payload, 3, 3 + length));
    }
    return found;
  }

  @Test
  void vp8DescriptorsCarryThePictureIdAndMarkTheStart() {
    // RFC 7741, section 4.2: X R N S R PID | I L T K RSV | M PictureID
    PicturePacketiser packetiser = new Vp8Packetiser(0x1234);

    assertThat(payloads(packetiser, hex("10 20 30 40 50"), 7))
        .containsExactly("90 80 92 34 10 20 30", "80 80 92 34 40 50");
    assertThat(payloads(packetiser, hex("11"), 7)).containsExactly("90 80 92 35 11");
  }

  @Test
  void vp8PictureIdsWrapAfterFifteenBitsAndAreReusedForWhatWasDropped() {
    PicturePacketiser packetiser = new Vp8Packetiser(0x7fff);

    assertThat(payloads(packetiser, hex("11"), 9)).containsExactly("90 80 ff ff 11");
    assertThat(payloads(packetiser, hex("11"), 9)).containsExactly("90 80 80 00 11");
    packetiser.dropped(2);
    assertThat(payloads(packetiser, hex("11"), 9)).containsExactly("90 80 ff ff 11");
  }

  @Test
  void h264ParameterSetsTravelTogetherAndASmallSliceAlone() {
    // RFC 6184, section 5.7.1: header 24 with the highest NRI, then size and unit, twice
    byte[] picture = hex("00 00 00 01 67 42 c0 00 00 00 01 68 ce 3c 80 00 00 01 65 88 84");

    assertThat(payloads(new H264Packetiser(), picture, 100))
        .containsExactly("78 00 03 67 42 c0 00 04 68 ce 3c 80", "65 88 84");
  }

  @Test
  void h264LargeUnitsAreFragmentedEvenly() {
    // RFC 6184, section 5.8: indicator F NRI 28, header S E R Type
    byte[] picture = hex("00 00 01 65 01 02 03 04 05 06 07");

    assertThat(payloads(new H264Packetiser(), picture, 5))
        .containsExactly("7c 85 01 02 03", "7c 05 04 05 06", "7c 45 07");
  }

  @Test
  void h264DelimitersAreLeftOut() {
    byte[] picture = hex("00 00 00 01 09 f0 00 00 00 01 41 9a 00 00");

    assertThat(payloads(new H264Packetiser(), picture, 100)).containsExactly("41 9a");
  }

  @ParameterizedTest
  @EnumSource(LiveVideoCodec.class)
  void whatIsPacketisedComesOutAgain(LiveVideoCodec codec) {
    long seed = 5;
    Random random = new Random(seed);
    PicturePacketiser packetiser = PicturePacketiser.of(codec, 7);
    PictureDepacketiser depacketiser = PictureDepacketiser.of(codec);
    for (int i = 0; i < 2_000; i++) {
      boolean key = random.nextInt(10) == 0;
      byte[] picture = new byte[64 + random.nextInt(key ? 60_000 : 8_000)];
      TestPictures.fill(codec, picture, picture.length, key, i, random);
      int max = 100 + random.nextInt(1_100);
      byte[] payload = new byte[max];
      depacketiser.begin(key);
      packetiser.begin(picture, picture.length, max);
      boolean first = true;
      while (packetiser.hasNext()) {
        int length = packetiser.next(payload, 0);
        assertThat(depacketiser.startsKeyFrame(payload, 0, length)).isEqualTo(first && key);
        assertThat(depacketiser.add(payload, 0, length)).isTrue();
        first = codec == LiveVideoCodec.H264 && key && length < 64;
        if (first) {
          break; // the parameter sets: what follows starts a keyframe as well
        }
      }
      while (packetiser.hasNext()) {
        assertThat(depacketiser.add(payload, 0, packetiser.next(payload, 0))).isTrue();
      }

      assertThat(depacketiser.complete()).isTrue();
      assertThat(Arrays.copyOf(depacketiser.data(), depacketiser.length()))
          .describedAs("picture %d of seed %d", i, seed)
          .isEqualTo(picture);
    }
  }

  @Test
  void aLostFragmentSpoilsTheUnit() {
    H264Depacketiser depacketiser = new H264Depacketiser();

    depacketiser.begin(true);
    assertThat(depacketiser.add(hex("7c 05 04 05 06"), 0, 5)).isFalse();
    depacketiser.begin(true);
    assertThat(depacketiser.add(hex("7c 85 01 02 03"), 0, 5)).isTrue();
    assertThat(depacketiser.complete()).isFalse();
    assertThat(depacketiser.add(hex("41 9a"), 0, 2)).isFalse();
  }
}
