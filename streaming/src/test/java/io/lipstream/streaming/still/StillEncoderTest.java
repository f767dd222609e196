package io.lipstream.streaming.still;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lipstream.media.picture.BgrPicture;
import io.lipstream.media.picture.Bt601;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.picture.Rect;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What every encoder of still pictures does. Pictures are opened by Java's own decoder. */
class StillEncoderTest {

  enum Kind {
    TURBO_JPEG,
    FFMPEG_JPEG,
    PNG
  }

  private static StillEncoder open(Kind kind, int widthPx, int heightPx) {
    StillSettings jpeg = new StillSettings(StillFormat.JPEG, 75);
    return switch (kind) {
      case TURBO_JPEG -> new JpegEncoder(jpeg, widthPx, heightPx, turbo(), "libjpeg-turbo");
      case FFMPEG_JPEG -> new JpegEncoder(jpeg, widthPx, heightPx, new FfmpegTiles(75), "FFmpeg");
      case PNG -> StillEncoder.open(new StillSettings(StillFormat.PNG, 75), widthPx, heightPx);
    };
  }

  private static TileEncoder turbo() {
    TurboJpeg turbo = TurboJpeg.installed();
    assumeTrue(
        turbo != null || System.getenv("LIPSTREAM_CHECK") != null,
        "libturbojpeg0 is not installed");
    if (turbo == null) {
      throw new AssertionError("libturbojpeg0 is needed: apt-get install libturbojpeg0");
    }
    return turbo.open(75);
  }

  /** Whole tiles, tiles cut off on each side, a prime number of blocks, the smallest. */
  private static Stream<Arguments> kindsAndSizes() {
    int[][] sizes = {{1280, 720}, {322, 242}, {464, 48}, {64, 6}, {2, 2}};
    return Arrays.stream(Kind.values())
        .flatMap(kind -> Arrays.stream(sizes).map(size -> Arguments.of(kind, size[0], size[1])));
  }

  @ParameterizedTest
  @MethodSource("kindsAndSizes")
  void showsThePictureThatWasGiven(Kind kind, int widthPx, int heightPx) throws IOException {
    I420Frame picture = landscape(widthPx, heightPx, 1);
    BgrPicture wanted = new BgrPicture(widthPx, heightPx);
    Bt601.toBgr(picture, wanted);

    int[] seen;
    try (StillEncoder encoder = open(kind, widthPx, heightPx)) {
      seen = pixels(encoder.encode(picture), widthPx, heightPx);
    }

    int[] exact = new int[seen.length];
    for (int i = 0; i < exact.length; i++) {
      byte[] bgr = wanted.data();
      exact[i] =
          ((bgr[3 * i + 2] & 0xff) << 16) | ((bgr[3 * i + 1] & 0xff) << 8) | (bgr[3 * i] & 0xff);
    }
    if (kind == Kind.PNG) {
      assertThat(seen).isEqualTo(exact);
    } else {
      assertThat(meanDifference(seen, exact)).isLessThan(4);
    }
  }

  @ParameterizedTest
  @MethodSource("kindsAndSizes")
  void writesOverABackgroundWhatTheWholePictureWouldBe(Kind kind, int widthPx, int heightPx)
      throws IOException {
    I420Frame under = landscape(widthPx, heightPx, 2);
    Random random = new Random(3);
    try (StillEncoder encoder = open(kind, widthPx, heightPx)) {
      StillBackground background = encoder.background(under);
      for (int i = 0; i < 8; i++) {
        I420Frame picture = copy(under);
        Rect changed = scribble(picture, random);

        int[] whole = pixels(encoder.encode(picture), widthPx, heightPx);
        byte[] parts = encoder.background(picture).data();
        StillPicture over = encoder.encode(picture, background, changed);

        assertThat(bytes(over)).as("%s in picture %d", changed, i).isEqualTo(parts);
        assertThat(pixels(over, widthPx, heightPx)).isEqualTo(whole);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "PNG") // has no quality
  void refusesABackgroundOfAnotherQuality(Kind kind) {
    I420Frame picture = landscape(64, 64, 5);
    try (StillEncoder good = open(kind, 64, 64);
        StillEncoder other = StillEncoder.open(new StillSettings(StillFormat.JPEG, 70), 64, 64)) {
      StillBackground background = other.background(picture);

      assertThatThrownBy(() -> good.encode(picture, background, new Rect(0, 0, 8, 8)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("quality=70");
    }
  }

  @ParameterizedTest
  @EnumSource
  void keepsBackgroundsWithinTheirBound(Kind kind) throws IOException {
    I420Frame frame = landscape(320, 240, 6);
    try (StillEncoder encoder = open(kind, 320, 240)) {
      long one = encoder.background(frame).byteCount();
      BackgroundStills stills = new BackgroundStills(10, 2 * one);
      I420Frame picture = copy(frame);
      Rect changed = scribble(picture, new Random(7));
      int[] whole = pixels(encoder.encode(picture), 320, 240);
      for (int i = 0; i < 30; i++) {
        StillPicture over = stills.encode(encoder, i % 10, frame, picture, changed);
        assertThat(pixels(over, 320, 240)).isEqualTo(whole);
      }
      assertThat(stills.byteCount()).isEqualTo(2 * one);
    }
  }

  @ParameterizedTest
  @EnumSource
  void makesRoomForBackgroundsOfOtherSettings(Kind kind) {
    I420Frame frame = landscape(320, 240, 8);
    I420Frame picture = copy(frame);
    Rect changed = scribble(picture, new Random(9));
    StillSettings coarse = new StillSettings(StillFormat.JPEG, 40);
    try (StillEncoder before = open(kind, 320, 240);
        StillEncoder after = StillEncoder.open(coarse, 320, 240)) {
      BackgroundStills stills = new BackgroundStills(1, before.background(frame).byteCount());
      stills.encode(before, 0, frame, picture, changed);

      stills.encode(after, 0, frame, picture, changed);

      assertThat(stills.byteCount()).isEqualTo(after.background(frame).byteCount());
    }
  }

  /** Waves of colour with some grain, and full black and white. */
  private static I420Frame landscape(int widthPx, int heightPx, long seed) {
    I420Frame frame = new I420Frame(widthPx, heightPx);
    Random random = new Random(seed);
    byte[] data = frame.data();
    for (int i = 0; i < data.length; i++) {
      boolean luma = i < frame.uOffset();
      int stride = luma ? widthPx : widthPx / 2;
      double wave = Math.sin(i % stride / 37.0) + Math.cos(i / (23.0 * stride));
      data[i] = (byte) Math.clamp((int) (128 + 60 * wave) + random.nextInt(5), 16, 235);
    }
    return frame;
  }

  private static I420Frame copy(I420Frame frame) {
    I420Frame copy = new I420Frame(frame.widthPx(), frame.heightPx());
    System.arraycopy(frame.data(), 0, copy.data(), 0, frame.data().length);
    return copy;
  }

  /** Writes noise into a rectangle at odd places; chroma at those samples it touches. */
  private static Rect scribble(I420Frame picture, Random random) {
    int x1 = random.nextInt(picture.widthPx());
    int y1 = random.nextInt(picture.heightPx());
    int x2 = x1 + 1 + random.nextInt(picture.widthPx() - x1);
    int y2 = y1 + 1 + random.nextInt(picture.heightPx() - y1);
    for (int y = y1; y < y2; y++) {
      for (int x = x1; x < x2; x++) {
        picture.data()[y * picture.widthPx() + x] = (byte) random.nextInt(256);
        int chroma = y / 2 * (picture.widthPx() / 2) + x / 2;
        picture.data()[picture.uOffset() + chroma] = (byte) random.nextInt(256);
        picture.data()[picture.vOffset() + chroma] = (byte) random.nextInt(256);
      }
    }
    // Noise could by chance be what was there.
    picture.data()[y1 * picture.widthPx() + x1] = (byte) 255;
    return new Rect(x1, y1, x2, y2);
  }

  private static byte[] bytes(StillPicture picture) {
    return Arrays.copyOf(picture.data(), picture.length());
  }

  private static int[] pixels(StillPicture picture, int widthPx, int heightPx) throws IOException {
    return pixels(picture.data(), picture.length(), widthPx, heightPx);
  }

  private static int[] pixels(byte[] file, int length, int widthPx, int heightPx)
      throws IOException {
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(file, 0, length));
    assertThat(image).isNotNull();
    assertThat(image.getWidth()).isEqualTo(widthPx);
    assertThat(image.getHeight()).isEqualTo(heightPx);
    int[] argb = image.getRGB(0, 0, widthPx, heightPx, null, 0, widthPx);
    for (int i = 0; i < argb.length; i++) {
      argb[i] &= 0xffffff;
    }
    return argb;
  }

  private static double meanDifference(int[] one, int[] other) {
    long sum = 0;
    for (int i = 0; i < one.length; i++) {
      for (int shift = 0; shift < 24; shift += 8) {
        sum += Math.abs(((one[i] >> shift) & 0xff) - ((other[i] >> shift) & 0xff));
      }
    }
    return sum / (3.0 * one.length);
  }
}
