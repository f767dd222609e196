package io.lipstream.streaming.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lipstream.media.picture.I420Frame;
import io.lipstream.streaming.file.TestPictures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class VideoEncoderTest {
  private static final int WIDTH_PX = 320;
  private static final int HEIGHT_PX = 240;
  private static final int FRAMES_PER_SECOND = 25;
  private static final int BITRATE_BPS = 800_000;
  private static final long FRAME_NANOS = 40_000_000;

  /** Enough to use up any bitrate, and not so much that OpenH264 takes each picture for a cut. */
  private static final int GRAIN = 5;

  private static final long PAGE_BYTES = 4096;

  private final TestPictures pictures = new TestPictures(WIDTH_PX, HEIGHT_PX, 5);

  private static VideoEncoder open(LiveVideoCodec codec) {
    return VideoEncoder.open(codec, WIDTH_PX, HEIGHT_PX, FRAMES_PER_SECOND, BITRATE_BPS);
  }

  @ParameterizedTest
  @EnumSource
  void picturesComeBackAlikeOneByOne(LiveVideoCodec codec) {
    try (VideoEncoder encoder = open(codec);
        DecodedPictures decoder = new DecodedPictures(codec)) {
      for (int i = 0; i < 60; i++) {
        I420Frame picture = pictures.picture(i, 90 + i, 2);
        EncodedPicture encoded = encoder.encode(picture, i * FRAME_NANOS, i == 0);
        I420Frame decoded = decoder.decode(encoded);

        assertThat(encoded.ptsNanos()).isEqualTo(i * FRAME_NANOS);
        assertThat(TestPictures.readNumber(decoded.data(), WIDTH_PX, WIDTH_PX)).isEqualTo(i);
        assertThat(DecodedPictures.psnr(picture, decoded)).as("picture %s", i).isGreaterThan(34);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void keyframesComeWhereAskedForAndNowhereElse(LiveVideoCodec codec) {
    List<Integer> wanted = List.of(0, 7, 8, 400);
    List<Integer> made = new ArrayList<>();
    try (VideoEncoder encoder = open(codec);
        DecodedPictures fresh = new DecodedPictures(codec)) {
      for (int i = 0; i < 420; i++) {
        EncodedPicture encoded =
            encoder.encode(
                pictures.picture(i, 100 + Math.abs(i % 100 - 50)),
                i * FRAME_NANOS,
                wanted.contains(i));
        if (encoded.keyFrame()) {
          made.add(i);
        }
        if (i >= 400) {
          I420Frame decoded = fresh.decode(encoded);
          assertThat(TestPictures.readNumber(decoded.data(), WIDTH_PX, WIDTH_PX)).isEqualTo(i);
        }
      }
    }
    assertThat(made).isEqualTo(wanted);
  }

  @ParameterizedTest
  @EnumSource
  void followsAChangeOfBitrateWhileItRuns(LiveVideoCodec codec) {
    try (VideoEncoder encoder = open(codec);
        DecodedPictures decoder = new DecodedPictures(codec)) {
      int number = 0;
      for (int bitrateBps : new int[] {BITRATE_BPS, 300_000, 1_600_000, 500_000}) {
        encoder.bitrate(bitrateBps);
        assertThat(encoder.bitrateBps()).isEqualTo(bitrateBps);
        long bytes = 0;
        int keyFrames = 0;
        for (int i = 0; i < 100; i++, number++) {
          EncodedPicture encoded =
              encoder.encode(
                  pictures.picture(number, 100, GRAIN), number * FRAME_NANOS, number == 0);
          decoder.decode(encoded);
          bytes += i < 50 ? 0 : encoded.length();
          keyFrames += encoded.keyFrame() ? 1 : 0;
        }
        double foundBps = bytes * 8.0 / 50 * FRAMES_PER_SECOND;
        assertThat(foundBps).isCloseTo(bitrateBps, within(bitrateBps * 0.25));
        boolean first = number == 100;
        assertThat(keyFrames).isEqualTo(first || codec == LiveVideoCodec.H264 ? 1 : 0);
      }
    }
  }

  @Test
  void aChangeThatIsWorthNoKeyframeIsLeftAloneByOpenH264() {
    try (VideoEncoder encoder = open(LiveVideoCodec.H264)) {
      encoder.encode(pictures.picture(0, 100), 0, true);
      encoder.bitrate((int) (BITRATE_BPS * 1.1));
      assertThat(encoder.encode(pictures.picture(1, 100), 1, false).keyFrame()).isFalse();
      assertThat(encoder.bitrateBps()).isEqualTo(BITRATE_BPS);
    }
  }

  @ParameterizedTest
  @EnumSource
  void saysWhatItCannotDo(LiveVideoCodec codec) {
    try (VideoEncoder encoder = open(codec)) {
      assertThatThrownBy(() -> encoder.encode(new I420Frame(64, 48), 0, true))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("64x48")
          .hasMessageContaining("320x240");
      assertThatThrownBy(() -> encoder.bitrate(0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("0 bit/s");
    }
  }

  @ParameterizedTest
  @EnumSource
  void isClosedOnceAndRefusesPicturesAfterwards(LiveVideoCodec codec) {
    VideoEncoder encoder = open(codec);
    encoder.close();
    encoder.close();
    assertThatThrownBy(() -> encoder.encode(pictures.picture(0, 100), 0, true))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @ParameterizedTest
  @EnumSource
  void closingFreesItsMemory(LiveVideoCodec codec) throws IOException {
    assertThat(grownBytes(codec, 20, 60)).isLessThan(64 << 20);
  }

  @ParameterizedTest
  @EnumSource
  @Tag("slow")
  void thousandsOfEncodersLeaveNothingBehind(LiveVideoCodec codec) throws IOException {
    assertThat(grownBytes(codec, 200, 3000)).isLessThan(32 << 20);
  }

  private long grownBytes(LiveVideoCodec codec, int warmUps, int rounds) throws IOException {
    long before = 0;
    for (int i = 0; i < warmUps + rounds; i++) {
      if (i == warmUps) {
        before = residentBytes();
      } else if (i % 50 == 0) {
        System.gc(); // The heap must not grow, or native memory could not be told from it.
      }
      try (VideoEncoder encoder = open(codec)) {
        encoder.encode(pictures.picture(i, 100), 0, true);
        encoder.bitrate(BITRATE_BPS / 2);
        encoder.encode(pictures.picture(i, 101), 1, false);
      }
    }
    return residentBytes() - before;
  }

  private static long residentBytes() throws IOException {
    String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ", -1);
    return Long.parseLong(pages[1]) * PAGE_BYTES;
  }
}
