package io.lipstream.media.avatar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.picture.Rect;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AvatarFramesTest {
  @TempDir Path folder;

  @Test
  void everyIndexGivesThePictureOfThatNumberAndItsRectangle() throws IOException {
    DrawnAvatar drawn = DrawnAvatar.write(folder, 12);
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
      assertThat(frames.frameCount()).isEqualTo(12);
      for (int k = 0; k < 12; k++) {
        AvatarFrame frame = frames.frame(k);
        assertThat(frame.index()).isEqualTo(k);
        assertThat(frame.rect()).isEqualTo(drawn.rectangles.get(k));
        assertThat(bgr(frame.crop().data())).containsExactly(expectedBgr(k));
        assertThat(frame.crop().widthPx()).isEqualTo(328);
        assertThat(frame.picture().data()[0] & 0xff).isCloseTo(lumaOf(k), within(1));
      }
    }
  }

  @Test
  void theRoiIsTheCropWithoutItsBorder() throws IOException {
    DrawnAvatar.write(folder, 3);
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
      byte[] roi = new byte[320 * 320 * 3];
      frames.copyRoi(2, roi);
      byte[] crop = frames.frame(2).crop().data();
      for (int y = 0; y < 320; y += 53) {
        int from = ((y + 4) * 328 + 4) * 3;
        assertThat(Arrays.copyOfRange(roi, y * 960, (y + 1) * 960))
            .containsExactly(Arrays.copyOfRange(crop, from, from + 960));
      }
    }
  }

  @Test
  void aFrameIsDecodedOnce() throws IOException {
    DrawnAvatar.write(folder, 5);
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
      assertThat(frames.frame(3)).isSameAs(frames.frame(3));
    }
  }

  @Test
  void picturesBeyondTheBoundAreDecodedAgain() throws IOException {
    int count = 60;
    DrawnAvatar.write(folder, count);
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames = AvatarFrames.load(avatar, 10 * AvatarFrames.bytesPerFrame(avatar))) {
      AvatarFrame first = frames.frame(0);
      for (long position = 0; position < 3L * count; position++) {
        int index = FrameOrder.PING_PONG.index(position, count);
        assertThat(frames.frame(index).index()).isEqualTo(index);
      }
      AvatarFrame again = frames.frame(0);
      assertThat(again).isNotSameAs(first);
      assertThat(Arrays.equals(again.picture().data(), first.picture().data())).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 60})
  void heldFramesNeedNoFile(int framesOfOne) throws IOException {
    int count = 60;
    DrawnAvatar.write(folder, count);
    FrameMemory memory = new FrameMemory(new FrameBounds(framesOfOne, 1 << 30));
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames = AvatarFrames.hold(avatar, memory, null)) {
      deleteFrames();
      assertThat(frames.inMemory()).isTrue();
      for (long position = 0; position < 3L * count; position++) {
        int index = FrameOrder.PING_PONG.index(position, count);
        AvatarFrame frame = frames.frame(index);
        assertThat(bgr(frame.crop().data())).containsExactly(expectedBgr(index));
      }
    }
    assertThat(memory.takenBytes()).isZero();
  }

  private void deleteFrames() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("frames"))) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }

  @Test
  void avatarsShareTheirMemory() throws IOException {
    DrawnAvatar.write(folder.resolve("a"), 20);
    DrawnAvatar.write(folder.resolve("b"), 20);
    try (AvatarPackage first = AvatarPackage.open(folder.resolve("a"));
        AvatarPackage second = AvatarPackage.open(folder.resolve("b"))) {
      long frameBytes = AvatarFrames.bytesPerFrame(first);
      FrameMemory memory = new FrameMemory(new FrameBounds(1500, 25 * frameBytes));
      AvatarFrames frames = AvatarFrames.hold(first, memory, null);
      assertThat(memory.takenBytes()).isEqualTo(20 * frameBytes);
      assertThatThrownBy(() -> AvatarFrames.hold(second, memory, null))
          .isInstanceOfSatisfying(
              LipstreamException.class,
              refused -> assertThat(refused.kind()).isEqualTo(LipstreamException.Kind.ENVIRONMENT))
          .hasMessageContaining("other avatars have");
      frames.close();
      frames.close();
      assertThat(memory.takenBytes()).isZero();
      try (AvatarFrames others = AvatarFrames.hold(second, memory, null)) {
        assertThat(others.frame(7).index()).isEqualTo(7);
      }
    }
  }

  @Test
  void anAvatarLargerThanTheMemoryLeavesSomeForOthers() throws IOException {
    DrawnAvatar.write(folder, 40);
    try (AvatarPackage avatar = AvatarPackage.open(folder)) {
      long frameBytes = AvatarFrames.bytesPerFrame(avatar);
      FrameMemory memory = new FrameMemory(new FrameBounds(1500, 30 * frameBytes));
      try (AvatarFrames frames = AvatarFrames.hold(avatar, memory, null)) {
        assertThat(frames.byteCount()).isBetween(14 * frameBytes, 16 * frameBytes);
        assertThat(memory.takenBytes()).isEqualTo(frames.byteCount());
        assertThat(frames.frame(39).index()).isEqualTo(39);
      }
    }
  }

  @Test
  void filesThatDoNotFitStayWhereTheyAre() throws IOException {
    DrawnAvatar.write(folder, 400);
    try (AvatarPackage avatar = AvatarPackage.open(folder)) {
      FrameMemory memory =
          new FrameMemory(new FrameBounds(1500, 8 * AvatarFrames.bytesPerFrame(avatar)));
      try (AvatarFrames frames = AvatarFrames.hold(avatar, memory, null)) {
        assertThat(frames.inMemory()).isFalse();
        assertThat(frames.frame(399).index()).isEqualTo(399);
        deleteFrames();
        assertThatThrownBy(() -> frames.frame(200)).hasMessageContaining("frame 200 (201.png)");
      }
    }
  }

  @Test
  void manyThreadsSeeTheSameFrames() throws Exception {
    int count = 40;
    DrawnAvatar.write(folder, count);
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames = AvatarFrames.load(avatar, 12 * AvatarFrames.bytesPerFrame(avatar));
        ExecutorService viewers = Executors.newFixedThreadPool(6)) {
      Callable<List<Integer>> viewer =
          () ->
              IntStream.range(0, 200)
                  .map(k -> frames.frame(k * 7 % count).index())
                  .boxed()
                  .toList();
      List<Integer> expected = IntStream.range(0, 200).map(k -> k * 7 % count).boxed().toList();
      for (var seen : viewers.invokeAll(Collections.nCopies(6, viewer))) {
        assertThat(seen.get()).isEqualTo(expected);
      }
    }
  }

  @Test
  void aBoundTooSmallForAnythingIsRefusedWithTheSizeNeeded() throws IOException {
    DrawnAvatar.write(folder, 20);
    try (AvatarPackage avatar = AvatarPackage.open(folder)) {
      assertThatThrownBy(() -> AvatarFrames.load(avatar, 1 << 20))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("MiB of memory, the bound is 1 MiB");
    }
  }

  @Test
  void aDamagedPictureIsNamedWhenItsFrameIsWanted() throws IOException {
    DrawnAvatar.write(folder, 6);
    byte[] whole = Files.readAllBytes(folder.resolve("frames/4.png"));
    Files.write(folder.resolve("frames/4.png"), Arrays.copyOf(whole, whole.length / 2));
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
      assertThat(frames.frame(2).index()).isEqualTo(2);
      assertThatThrownBy(() -> frames.frame(3))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("frame 3 (4.png) cannot be decoded");
      assertThat(frames.frame(4).index()).isEqualTo(4);
    }
  }

  @Test
  void aPictureOfAnotherSizeIsNamedWhenItsFrameIsWanted() throws IOException {
    DrawnAvatar.write(folder, 3);
    var other = new BufferedImage(98, 64, BufferedImage.TYPE_INT_RGB);
    ImageIO.write(other, "png", folder.resolve("frames/3.png").toFile());
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
      assertThatThrownBy(() -> frames.frame(2))
          .hasMessageContaining("frame 2 (3.png) is 98x64, but avatar.yaml says 96x64");
    }
  }

  @Test
  void closedFramesRefuseToServe() throws IOException {
    DrawnAvatar.write(folder, 40);
    try (AvatarPackage avatar = AvatarPackage.open(folder)) {
      AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES);
      AvatarFrame kept = frames.frame(1);
      frames.close();
      frames.close();
      assertThatThrownBy(() -> frames.frame(1)).isInstanceOf(IllegalStateException.class);
      assertThat(kept.picture().widthPx()).isEqualTo(96);
    }
  }

  @Test
  void aJpegHasTheColoursThatAnotherDecoderSees() throws IOException {
    int widthPx = 400;
    int heightPx = 340;
    // A rectangle as large as the crop: nothing is resized.
    Rect rect = new Rect(30, 6, 358, 334);
    DrawnAvatar.write(folder, 1)
        .writeManifest(
            DrawnAvatar.manifest(1)
                .replace("widthPx: 96", "widthPx: " + widthPx)
                .replace("heightPx: 64", "heightPx: " + heightPx))
        .writeRectangles(CropRectangles.write(List.of(rect)));
    BufferedImage smooth = new BufferedImage(widthPx, heightPx, BufferedImage.TYPE_3BYTE_BGR);
    for (int y = 0; y < heightPx; y++) {
      for (int x = 0; x < widthPx; x++) {
        smooth.setRGB(x, y, new Color(60 + x / 3, 250 - y / 2, 30 + (x + y) / 5).getRGB());
      }
    }
    Path jpeg = folder.resolve("frames/0.jpg");
    ImageIO.write(smooth, "jpg", jpeg.toFile());
    Files.delete(folder.resolve("frames/1.png"));
    BufferedImage expected = ImageIO.read(jpeg.toFile());
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
      AvatarFrame frame = frames.frame(0);
      byte[] pixels = frame.crop().data();
      for (int i = 0; i < 328 * 328; i++) {
        Color colour = new Color(expected.getRGB(rect.x1() + i % 328, rect.y1() + i / 328));
        assertThat(pixels[3 * i] & 0xff).isCloseTo(colour.getBlue(), within(4));
        assertThat(pixels[3 * i + 1] & 0xff).isCloseTo(colour.getGreen(), within(4));
        assertThat(pixels[3 * i + 2] & 0xff).isCloseTo(colour.getRed(), within(4));
      }
      for (int i = 0; i < widthPx * heightPx; i++) {
        Color c = new Color(expected.getRGB(i % widthPx, i / widthPx));
        assertThat(frame.picture().data()[i] & 0xff).isCloseTo(luma(c), within(3));
      }
    }
  }

  @Test
  void theCropsAreThoseThatTheNetworksOfThisFamilyWereTrainedOn() throws IOException {
    Path golden = Path.of("src/test/resources/golden/visual");
    List<Rect> rectangles =
        List.of(
            new Rect(532, 210, 714, 392),
            new Rect(401, 100, 801, 500),
            new Rect(600, 300, 928, 628));
    BufferedImage picture = ImageIO.read(golden.resolve("frame.png").toFile());
    DrawnAvatar.write(folder, 3)
        .writeManifest(
            DrawnAvatar.manifest(3)
                .replace("widthPx: 96", "widthPx: " + picture.getWidth())
                .replace("heightPx: 64", "heightPx: " + picture.getHeight()))
        .writeRectangles(CropRectangles.write(rectangles));
    for (int k = 1; k <= 3; k++) {
      Files.copy(
          golden.resolve("frame.png"),
          folder.resolve("frames/" + k + ".png"),
          StandardCopyOption.REPLACE_EXISTING);
    }
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
      for (int k = 0; k < 3; k++) {
        byte[] crop = frames.frame(k).crop().data();
        BufferedImage expected = ImageIO.read(golden.resolve("case" + k + "-crop328.png").toFile());
        int worst = 0;
        for (int i = 0; i < 328 * 328; i++) {
          Color colour = new Color(expected.getRGB(i % 328, i / 328));
          worst = Math.max(worst, Math.abs((crop[3 * i] & 0xff) - colour.getBlue()));
          worst = Math.max(worst, Math.abs((crop[3 * i + 1] & 0xff) - colour.getGreen()));
          worst = Math.max(worst, Math.abs((crop[3 * i + 2] & 0xff) - colour.getRed()));
        }
        assertThat(worst).as("grey levels of difference in case " + k).isLessThanOrEqualTo(1);
      }
    }
  }

  private static byte[] bgr(byte[] pixels) {
    int middle = pixels.length / 2 / 3 * 3;
    return Arrays.copyOfRange(pixels, middle, middle + 3);
  }

  private static byte[] expectedBgr(int k) {
    Color colour = DrawnAvatar.colour(k);
    return new byte[] {(byte) colour.getBlue(), (byte) colour.getGreen(), (byte) colour.getRed()};
  }

  private static int lumaOf(int k) {
    return luma(DrawnAvatar.colour(k));
  }

  private static int luma(Color c) {
    double luma = 0.299 * c.getRed() + 0.587 * c.getGreen() + 0.114 * c.getBlue();
    return (int) Math.round(16 + luma * 219 / 255);
  }
}
