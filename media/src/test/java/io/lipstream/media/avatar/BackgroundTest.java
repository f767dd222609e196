package io.lipstream.media.avatar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.picture.BgrPicture;
import io.lipstream.media.picture.Bt601;
import io.lipstream.media.picture.Rect;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A disc with a soft rim, rendered before a light wall and shown before something else. */
class BackgroundTest {
  private static final int WIDTH_PX = 400;
  private static final int HEIGHT_PX = 340;
  private static final Color FACE = new Color(90, 40, 30);
  private static final int RIM_PX = 12;

  /** As large as the crop, so that its pixels are the frame's own. */
  private static final Rect RECT = new Rect(30, 6, 358, 334);

  @TempDir Path temp;
  private Path folder;
  private DrawnAvatar drawn;

  @BeforeEach
  void drawAvatar() throws IOException {
    folder = temp.resolve("disc");
    drawn = DrawnAvatar.write(folder, 2).writeRectangles(CropRectangles.write(List.of(RECT, RECT)));
    Files.createDirectories(folder.resolve("matte"));
    BufferedImage wall = new BufferedImage(WIDTH_PX, HEIGHT_PX, BufferedImage.TYPE_3BYTE_BGR);
    for (int k = 0; k < 2; k++) {
      BufferedImage frame = new BufferedImage(WIDTH_PX, HEIGHT_PX, BufferedImage.TYPE_3BYTE_BGR);
      BufferedImage matte = new BufferedImage(WIDTH_PX, HEIGHT_PX, BufferedImage.TYPE_BYTE_GRAY);
      for (int y = 0; y < HEIGHT_PX; y++) {
        for (int x = 0; x < WIDTH_PX; x++) {
          int alpha = alpha(k, x, y);
          wall.setRGB(x, y, wall(x, y).getRGB());
          frame.setRGB(x, y, mixed(FACE, wall(x, y), alpha).getRGB());
          matte.getRaster().setSample(x, y, 0, alpha);
        }
      }
      ImageIO.write(frame, "png", folder.resolve("frames/" + (k + 1) + ".png").toFile());
      ImageIO.write(matte, "png", folder.resolve("matte/" + (k + 1) + ".png").toFile());
    }
    ImageIO.write(wall, "png", folder.resolve("wall.png").toFile());
    writeManifest("matte: {source: matte, over: wall.png}\n");
  }

  private void writeManifest(String more) throws IOException {
    drawn.writeManifest(
        DrawnAvatar.manifest(2)
                .replace("widthPx: 96", "widthPx: " + WIDTH_PX)
                .replace("heightPx: 64", "heightPx: " + HEIGHT_PX)
            + more);
  }

  /** Opaque inside, then a rim that thins out; the disc of frame 1 lies elsewhere. */
  private static int alpha(int frame, int x, int y) {
    double distance = Math.hypot(x - 190 - 10 * frame, y - 170);
    return (int) Math.round(255 * Math.clamp((110 - distance) / RIM_PX + 0.5, 0, 1));
  }

  private static Color wall(int x, int y) {
    return new Color(230 - y / 8, 225 - x / 16, 215);
  }

  private static Color mixed(Color front, Color behind, int alpha) {
    return new Color(
        mixed(front.getRed(), behind.getRed(), alpha),
        mixed(front.getGreen(), behind.getGreen(), alpha),
        mixed(front.getBlue(), behind.getBlue(), alpha));
  }

  private static int mixed(int front, int behind, int alpha) {
    return (front * alpha + behind * (255 - alpha) + 127) / 255;
  }

  /** How far, at worst, the crop's pixels are from the disc mixed with the new background. */
  private static int worst(AvatarFrame frame, int k, Color background) {
    int worst = 0;
    byte[] bgr = frame.crop().data();
    for (int i = 0; i < 328 * 328; i++) {
      int alpha = alpha(k, RECT.x1() + i % 328, RECT.y1() + i / 328);
      Color expected = mixed(FACE, background, alpha);
      worst = Math.max(worst, Math.abs((bgr[3 * i] & 0xff) - expected.getBlue()));
      worst = Math.max(worst, Math.abs((bgr[3 * i + 1] & 0xff) - expected.getGreen()));
      worst = Math.max(worst, Math.abs((bgr[3 * i + 2] & 0xff) - expected.getRed()));
    }
    return worst;
  }

  @ParameterizedTest
  @CsvSource({"#00ff00, 00ff00", "white, ffffff", "Navy, 000080", "#a0f, aa00ff"})
  void theRimLiesBetweenTheAvatarAndTheNewBackground(String text, String rgb) {
    Color background = new Color(Integer.parseInt(rgb, 16));
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames =
            AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES, Background.of(text))) {
      for (int k = 0; k < 2; k++) {
        assertThat(worst(frames.frame(k), k, background)).as("levels in frame " + k).isLessThan(2);
      }
    }
  }

  @Test
  void cutOutItHoldsTheAvatarsOwnColoursAndHowMuchOfThemIsSeen() {
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames = AvatarFrames.loadCutOut(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
      AvatarFrame frame = frames.frame(1);
      byte[] alpha = Objects.requireNonNull(frame.alpha());
      BgrPicture seen = new BgrPicture(WIDTH_PX, HEIGHT_PX);
      Bt601.toBgr(frame.picture(), seen);
      for (int i = 0; i < WIDTH_PX * HEIGHT_PX; i++) {
        int covered = alpha(1, i % WIDTH_PX, i / WIDTH_PX);
        assertThat(alpha[i] & 0xff).isEqualTo(covered);
        if (covered > 128) {
          assertThat(seen.data()[3 * i + 2] & 0xff)
              .as("red at %d, %d, where %d of 255 are seen", i % WIDTH_PX, i / WIDTH_PX, covered)
              .isBetween(FACE.getRed() - 8, FACE.getRed() + 8);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"#00ff00", "#ffffff"})
  void noHaloOfTheOldBackgroundRemainsWhereFramesAreJpegs(String text) throws IOException {
    for (int k = 0; k < 2; k++) {
      Path png = folder.resolve("frames/" + (k + 1) + ".png");
      writeJpeg(ImageIO.read(png.toFile()), folder.resolve("frames/" + (k + 1) + ".jpg"));
      Files.delete(png);
    }
    Color background = Color.decode(text);
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames =
            AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES, Background.of(text))) {
      for (int k = 0; k < 2; k++) {
        AvatarFrame frame = frames.frame(k);
        // The compression's own noise; the old wall at half its weight would be off by 60 and more.
        assertThat(worst(frame, k, background)).as("levels in frame " + k).isLessThan(12);
        byte[] bgr = frame.crop().data();
        for (int i = 0; i < 328 * 328; i++) {
          if (alpha(k, RECT.x1() + i % 328, RECT.y1() + i / 328) == 0) {
            Color shown =
                new Color(bgr[3 * i + 2] & 0xff, bgr[3 * i + 1] & 0xff, bgr[3 * i] & 0xff);
            assertThat(shown).isEqualTo(background);
          }
        }
      }
    }
  }

  private static void writeJpeg(BufferedImage picture, Path file) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam settings = writer.getDefaultWriteParam();
    settings.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    settings.setCompressionQuality(0.92f);
    try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(picture, null, null), settings);
    } finally {
      writer.dispose();
    }
  }

  @Test
  void whatIsWhollyTheAvatarKeepsEveryByteInBothForms() {
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames own = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES);
        AvatarFrames red =
            AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES, Background.of("red"))) {
      byte[] before = own.frame(0).picture().data();
      byte[] after = red.frame(0).picture().data();
      for (int y = 100; y < 240; y++) {
        for (int x = 120; x < 260; x++) {
          assertThat(after[y * WIDTH_PX + x]).isEqualTo(before[y * WIDTH_PX + x]);
          int chroma = own.frame(0).picture().uOffset() + y / 2 * WIDTH_PX / 2 + x / 2;
          assertThat(after[chroma]).isEqualTo(before[chroma]);
        }
      }
      // The corner shows the new background: red has this luma in BT.601.
      assertThat(after[0]).isEqualTo((byte) 81);
    }
  }

  @Test
  void theFrameOnScreenShowsWhatTheNetworkSees() {
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames =
            AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES, Background.of("lime"))) {
      AvatarFrame frame = frames.frame(1);
      BgrPicture screen = new BgrPicture(328, 328);
      Bt601.toBgr(frame.picture(), RECT, screen);
      long sum = 0;
      for (int i = 0; i < screen.data().length; i++) {
        sum += Math.abs((screen.data()[i] & 0xff) - (frame.crop().data()[i] & 0xff));
      }
      // Chroma at half size blurs the rim; on the whole the two are the same picture.
      assertThat((double) sum / screen.data().length).isLessThan(2);
    }
  }

  @Test
  void withoutABackgroundTheFramesStayAsTheyAre() throws IOException {
    byte[] withMatte = firstFrame();
    writeManifest("");
    assertThat(firstFrame()).isEqualTo(withMatte);
  }

  private byte[] firstFrame() {
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
      return frames.frame(0).picture().data();
    }
  }

  @Test
  void theManifestsBackgroundIsShownUnlessAnotherIsChosen() throws IOException {
    writeManifest("matte: {source: matte, over: wall.png}\nbackground: \"#0000ff\"\n");
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames own = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES);
        AvatarFrames red =
            AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES, Background.of("red"));
        AvatarFrames plain = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES, null)) {
      assertThat(worst(own.frame(0), 0, Color.BLUE)).isLessThan(2);
      assertThat(worst(red.frame(0), 0, Color.RED)).isLessThan(2);
      assertThat(plain.frame(0).picture().data()[0] & 0xff).isGreaterThan(180);
    }
  }

  @Test
  void aPictureCoversTheFrameAndLosesWhatSticksOut() throws IOException {
    // Twice as wide as the frame is: a red left and a blue right quarter have to go.
    BufferedImage wide = new BufferedImage(1600, 680, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 680; y++) {
      for (int x = 0; x < 1600; x++) {
        wide.setRGB(x, y, (x < 400 ? Color.RED : x < 1200 ? Color.GREEN : Color.BLUE).getRGB());
      }
    }
    ImageIO.write(wide, "png", folder.resolve("wide.png").toFile());
    writeManifest("matte: {source: matte, over: wall.png}\nbackground: wide.png\n");
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
      BgrPicture screen = new BgrPicture(WIDTH_PX, HEIGHT_PX);
      Bt601.toBgr(frames.frame(0).picture(), screen);
      for (int x : new int[] {2, 100, WIDTH_PX - 3}) {
        assertThat(screen.data()[3 * (2 * WIDTH_PX + x) + 1] & 0xff).isBetween(250, 255);
        assertThat(screen.data()[3 * (2 * WIDTH_PX + x) + 2] & 0xff).isLessThan(4);
        assertThat(screen.data()[3 * (2 * WIDTH_PX + x)] & 0xff).isLessThan(4);
      }
    }
  }

  @Test
  void onePictureServesAsTheMatteOfAllFrames() throws IOException {
    writeManifest("matte: {source: matte/1.png, over: wall.png}\n");
    Files.copy(folder.resolve("frames/1.png"), folder.resolve("frames/0.png"));
    Files.delete(folder.resolve("frames/2.png"));
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames =
            AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES, Background.of("red"))) {
      assertThat(worst(frames.frame(1), 0, Color.RED)).isLessThan(2);
    }
  }

  @Test
  void aVideosFramesGetAnotherBackgroundToo() throws IOException {
    Path video = Path.of("src/test/resources/avatar/grey12.mp4");
    Files.copy(video, folder.resolve("grey12.mp4"));
    int widthPx;
    int heightPx;
    try (VideoDecoder decoder = VideoDecoder.open(video)) {
      widthPx = decoder.widthPx();
      heightPx = decoder.heightPx();
    }
    BufferedImage left = new BufferedImage(widthPx, heightPx, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < widthPx / 2 * heightPx; i++) {
      left.getRaster().setSample(i % (widthPx / 2), i / (widthPx / 2), 0, 255);
    }
    ImageIO.write(left, "png", folder.resolve("left.png").toFile());
    drawn.writeManifest(
        DrawnAvatar.manifest(12)
                .replace("source: frames", "source: grey12.mp4")
                .replace("widthPx: 96", "widthPx: " + widthPx)
                .replace("heightPx: 64", "heightPx: " + heightPx)
            + "matte: {source: left.png, over: black}\nbackground: white\n");
    drawn.writeRectangles(
        CropRectangles.write(java.util.Collections.nCopies(12, new Rect(4, 4, 44, 44))));
    try (AvatarPackage avatar = AvatarPackage.open(folder);
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
      for (int k = 0; k < 12; k++) {
        byte[] luma = frames.frame(k).picture().data();
        assertThat(luma[0] & 0xff).isBetween(38 + 10 * k, 42 + 10 * k);
        assertThat(luma[widthPx - 1] & 0xff).isEqualTo(235);
      }
    }
  }

  @Test
  void aPackageWithoutAMatteRefusesAnotherBackgroundWithTheReason() throws IOException {
    writeManifest("");
    try (AvatarPackage avatar = AvatarPackage.open(folder)) {
      LipstreamException e =
          catchThrowableOfType(
              LipstreamException.class,
              () ->
                  AvatarFrames.load(
                      avatar, AvatarFrames.DEFAULT_MAX_BYTES, Background.of("white")));
      assertThat(e).hasMessageContaining("it has no matte").hasMessageContaining("disc");
      assertThat(e.hint()).contains("docs/avatars.md");
    }
    writeManifest("background: white\n");
    assertRefused("key background wants a matte");
  }

  @ParameterizedTest
  @CsvSource({
    "gren, did you mean green?",
    "#12345, #rrggbb",
    "transparent, has no transparency",
    "nowhere.png, .jpg",
    "'', a background is"
  })
  void whatIsNoBackgroundIsRefusedWithWhatWouldBe(String text, String hint) {
    LipstreamException e =
        catchThrowableOfType(LipstreamException.class, () -> Background.of(text));
    assertThat(e).hasMessageContaining("the background " + text);
    assertThat(e.hint()).contains(hint);
    assertThat(e.kind()).isEqualTo(LipstreamException.Kind.INPUT);
  }

  @Test
  void aFileThatIsNoPictureIsNoBackground() throws IOException {
    Path text = Files.writeString(temp.resolve("text.png"), "text");
    assertThat(catchThrowableOfType(LipstreamException.class, () -> Background.of("" + text)))
        .hasMessageContaining("text.png cannot be decoded: neither JPEG nor PNG nor WebP");
  }

  @Test
  void wrongMattesAndBackgroundsOfAPackageAreNamed() throws IOException {
    String matte = "matte: {source: matte, over: wall.png}\n";
    writeManifest("matte: {source: matte}\n");
    assertRefused("key matte.over is missing");
    writeManifest("matte: {source: mat, over: wall.png}\n");
    assertRefused("matte mat does not exist");
    writeManifest("matte: {source: matte, over: wal.png}\n");
    assertRefused("matte.over wal.png is neither a colour nor a file of the package");
    writeManifest(matte + "background: ../secret.png\n");
    assertRefused("background ../secret.png is neither a colour nor a file of the package");
    writeManifest(matte + "background: #aabbcc\n");
    assertThat(assertRefused("key background holds nothing").hint()).contains("quotes");
    writeManifest(matte + "background: rectangles.json\n");
    assertRefused("the background rectangles.json cannot be decoded");

    writeManifest(matte);
    Path second = folder.resolve("matte/2.png");
    Files.copy(folder.resolve("frames/1.png"), folder.resolve("matte/3.png"));
    assertRefused("its matte matte holds 3 pictures for 2 frames");
    Files.delete(second);
    Files.move(folder.resolve("matte/1.png"), second);
    Files.copy(folder.resolve("frames/1.png"), folder.resolve("matte/1.png"));
    Files.delete(folder.resolve("matte/3.png"));
    assertRefused("the matte of frame 0 (1.png) is not an 8-bit grey picture");
    ImageIO.write(
        new BufferedImage(WIDTH_PX, 20, BufferedImage.TYPE_BYTE_GRAY),
        "png",
        folder.resolve("matte/1.png").toFile());
    assertRefused("the matte of frame 0 (1.png) is 400x20, but avatar.yaml says 400x340");
    Files.copy(
        second, folder.resolve("matte/1.png"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    ImageIO.write(
        new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB),
        "png",
        folder.resolve("wall.png").toFile());
    assertRefused("the background wall.png is 20x20, but avatar.yaml says 400x340");
  }

  private LipstreamException assertRefused(String message) {
    LipstreamException e =
        catchThrowableOfType(LipstreamException.class, () -> AvatarPackage.open(folder).close());
    assertThat(e).as("opening a package that should say: " + message).isNotNull();
    assertThat(e).hasMessageContaining(message);
    assertThat(e.kind()).isEqualTo(LipstreamException.Kind.AVATAR);
    assertThat(e.hint()).isNotBlank();
    assertThat(String.format(Locale.ROOT, "%s", e.hint())).doesNotContain("null");
    return e;
  }
}
