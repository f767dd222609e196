package io.lipstream.media.avatar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.picture.Rect;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AvatarPackageTest {
  private static final int COUNT = 12;

  @TempDir Path temp;
  private Path folder;
  private DrawnAvatar drawn;

  @BeforeEach
  void drawAvatar() throws IOException {
    folder = temp.resolve("drawn");
    drawn = DrawnAvatar.write(folder, COUNT);
  }

  @Test
  void aSoundPackageOpensWithDefaultsFilledIn() {
    try (AvatarPackage avatar = AvatarPackage.open(folder)) {
      assertThat(avatar.manifest().order()).isEqualTo(FrameOrder.PING_PONG);
      assertThat(avatar.manifest().restingMouth()).isEqualTo(RestingMouth.GENERATOR);
      assertThat(avatar.manifest().mask()).isEqualTo(new Rect(5, 5, 315, 310));
      assertThat(avatar.rectangles()).isEqualTo(drawn.rectangles);
      assertThat(avatar.generatorFile()).hasContent("a network");
      assertThat(avatar.audioEncoderFile()).hasContent("another network");
    }
  }

  @Test
  void theTinyAvatarOfTheDistributionIsSound() {
    try (AvatarPackage avatar = AvatarPackage.open(Path.of("../avatars/tiny"));
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
      assertThat(avatar.manifest().restingMouth()).isEqualTo(RestingMouth.FRAMES);
      for (int k = 0; k < frames.frameCount(); k++) {
        assertThat(frames.frame(k).rect().widthPx()).isEqualTo(128);
      }
    }
  }

  @Test
  void picturesAreTakenInNaturalOrder() {
    try (AvatarPackage avatar = AvatarPackage.open(folder)) {
      var pictures = (FrameSource.Pictures) avatar.frames();
      assertThat(pictures.files().get(1)).hasFileName("2.png");
      assertThat(pictures.files().get(9)).hasFileName("10.png");
    }
  }

  @Test
  void rectanglesMayBeAnObjectKeyedByFrame() throws IOException {
    StringBuilder json = new StringBuilder("{");
    for (int k = COUNT - 1; k >= 0; k--) {
      json.append(
          "\"%d\": {\"rect\": [%d, 10, %d, 50], \"score\": 0.9}%s"
              .formatted(k, k, k + 40, k == 0 ? "}" : ", "));
    }
    drawn.writeRectangles(json.toString());
    try (AvatarPackage avatar = AvatarPackage.open(folder)) {
      assertThat(avatar.rectangles().get(11)).isEqualTo(new Rect(11, 10, 51, 50));
    }
  }

  @Test
  void aZippedPackageOpensAndLeavesNothingBehind() throws IOException {
    for (String prefix : new String[] {"", "drawn/"}) {
      Path zip = zip(prefix);
      Path generator;
      try (AvatarPackage avatar = AvatarPackage.open(zip);
          AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
        generator = avatar.generatorFile();
        assertThat(frames.frame(COUNT - 1).rect()).isEqualTo(drawn.rectangles.getLast());
        assertThat(generator).exists();
      }
      assertThat(generator).doesNotExist();
      assertThat(generator.resolve("../..")).doesNotExist();
    }
  }

  @Test
  void aZipEntryThatPointsOutsideIsRefusedAndNothingIsWritten() throws IOException {
    Path zip = temp.resolve("evil.zip");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
      put(out, "avatar.yaml", Files.readAllBytes(folder.resolve("avatar.yaml")));
      put(out, "../../escaped.txt", new byte[] {1});
    }
    assertRefused(zip, "its entry ../../escaped.txt points outside the package");
    assertThat(temp.resolveSibling("escaped.txt")).doesNotExist();
  }

  @Test
  void aZipThatUnpacksBeyondItsLimitIsRefused() throws IOException {
    Path zip = zip("");
    LipstreamException e =
        catchThrowableOfType(LipstreamException.class, () -> AvatarPackage.open(zip, 1000));
    assertThat(e).hasMessageContaining("unpacks to more than");
  }

  @Test
  void aFileThatOnlyClaimsToBeAZipIsRefused() throws IOException {
    Path zip = Files.writeString(temp.resolve("broken.zip"), "not a zip at all");
    assertRefused(zip, "cannot be unpacked");
  }

  @Test
  void aMissingFolderIsNamed() {
    assertRefused(temp.resolve("nowhere"), "there is no such folder or file");
  }

  @Test
  void aFolderWithoutManifestIsNamed() throws IOException {
    Files.delete(folder.resolve("avatar.yaml"));
    assertRefused(folder, "manifest avatar.yaml does not exist");
  }

  @Test
  void anUnknownKeyIsRefusedWithTheNearestKnownOne() throws IOException {
    drawn.writeManifest(DrawnAvatar.manifest(COUNT).replace("licence:", "license:"));
    assertThat(assertRefused(folder, "unknown key license").hint())
        .contains("did you mean licence?");
    drawn.writeManifest(DrawnAvatar.manifest(COUNT).replace("widthPx: 96", "width: 96"));
    assertThat(assertRefused(folder, "unknown key frames.width").hint())
        .contains("did you mean widthPx?");
  }

  @Test
  void aMissingKeyIsNamed() throws IOException {
    drawn.writeManifest(DrawnAvatar.manifest(COUNT).replace("licence: Apache-2.0\n", ""));
    assertRefused(folder, "key licence is missing");
    drawn.writeManifest(DrawnAvatar.manifest(COUNT).replace(", widthPx: 96", ""));
    assertRefused(folder, "key frames.widthPx is missing");
  }

  @Test
  void aValueThatCannotBeIsNamedWithWhatWouldDo() throws IOException {
    spoil("fps: 25", "fps: 0", "key fps must be from 1 to 120; it holds \"0\"");
    spoil("fps: 25", "fps: fast", "key fps does not hold what belongs there");
    spoil("fps: 25", "fps: 24.5", "key fps does not hold what belongs there");
    spoil("name: drawn", "name: ../ada", "key name must be lower-case letters");
    spoil(
        "family: synctalk2d-328",
        "family: musetalk",
        "key family cannot be \"musetalk\"; it must be one of synctalk2d-328");
    spoil("fps: 25", "fps: 25\norder: random", "it must be one of ping-pong, cyclic");
    spoil(
        "fps: 25",
        "fps: 25\nmask: {x1: 5, y1: 5, x2: 321, y2: 310}",
        "key mask must lie inside the ROI of 320 pixels");
    spoil("lipstream-avatar/1", "lipstream-avatar/9", "key schema must be lipstream-avatar/1");
    spoil("fps: 25", "fps: 25\nfps: 30", "not valid YAML");
    spoil("widthPx: 96", "widthPx: 95", "key frames.widthPx must be an even number");
    spoil("fps: 25", "fps: [", "not valid YAML");
  }

  @Test
  void aFileNamedOutsideThePackageIsRefused() throws IOException {
    Files.writeString(temp.resolve("secret.onnx"), "secret");
    for (String name : new String[] {"../secret.onnx", temp.resolve("secret.onnx").toString()}) {
      drawn.writeManifest(DrawnAvatar.manifest(COUNT).replace("models/generator.onnx", name));
      assertRefused(folder, "key generator.file must be a path inside the package");
    }
  }

  @Test
  void aLinkThatLeadsOutOfThePackageIsRefused() throws IOException {
    Path secret = Files.writeString(temp.resolve("secret.onnx"), "secret");
    Files.delete(folder.resolve("models/generator.onnx"));
    Files.createSymbolicLink(folder.resolve("models/generator.onnx"), secret);
    assertRefused(folder, "generator models/generator.onnx leads out of the package");
  }

  @Test
  void aFrameThatIsALinkOutOfThePackageIsRefused() throws IOException {
    Path outside = temp.resolve("outside.png");
    Files.move(folder.resolve("frames/5.png"), outside);
    Files.createSymbolicLink(folder.resolve("frames/5.png"), outside);
    assertRefused(folder, "frame frames/5.png leads out of the package");
  }

  @Test
  void aMissingNetworkIsNamed() throws IOException {
    Files.delete(folder.resolve("models/audio_encoder.onnx"));
    assertRefused(folder, "audio encoder models/audio_encoder.onnx does not exist");
  }

  @Test
  void framesAndManifestThatDisagreeInNumberAreRefusedWithBoth() throws IOException {
    Files.delete(folder.resolve("frames/7.png"));
    assertRefused(folder, "frames holds 11 pictures, but avatar.yaml says frames.count 12");
  }

  @Test
  void framesAndRectanglesThatDisagreeInNumberAreRefusedWithBoth() throws IOException {
    drawn.writeRectangles(CropRectangles.write(drawn.rectangles.subList(0, 9)));
    assertRefused(folder, "9 rectangles for 12 frames");
  }

  @Test
  void aRectangleOutsideItsFrameIsRefusedWithTheFrameNumber() throws IOException {
    drawn.rectangles.set(4, new Rect(70, 20, 110, 60));
    drawn.writeRectangles(CropRectangles.write(drawn.rectangles));
    assertRefused(
        folder,
        "the rectangle of frame 4, [70, 20, 110, 60], does not lie inside the frame of 96x64");
  }

  @Test
  void aRectangleThatIsNoSquareIsRefused() throws IOException {
    drawn.rectangles.set(2, new Rect(10, 10, 50, 48));
    drawn.writeRectangles(CropRectangles.write(drawn.rectangles));
    assertRefused(folder, "the rectangle of frame 2, [10, 10, 50, 48], is 40x38, not a square");
  }

  @Test
  void rectanglesThatAreNoneAreRefused() throws IOException {
    drawn.writeRectangles("[[1, 2, 3]]");
    assertRefused(folder, "the rectangle of frame 0 is [1,2,3], not four numbers");
    drawn.writeRectangles("[[1, 2, 3.5, 4]]");
    assertRefused(folder, "not whole numbers");
    drawn.writeRectangles("{\"1\": [0, 0, 40, 40], \"2\": [0, 0, 40, 40]}");
    assertRefused(folder, "has 2 rectangles, but none for frame 0");
    drawn.writeRectangles("no json");
    assertRefused(folder, "rectangles.json is not valid JSON");
  }

  @Test
  void aFirstFrameOfAnotherSizeThanDeclaredIsRefused() throws IOException {
    drawn.writeManifest(DrawnAvatar.manifest(COUNT).replace("heightPx: 64", "heightPx: 66"));
    assertRefused(folder, "frame 0 (1.png) is 96x64, but avatar.yaml says 96x66");
  }

  @Test
  void aFileThatIsNoPictureIsRefused() throws IOException {
    Files.writeString(folder.resolve("frames/1.png"), "text");
    assertRefused(folder, "frame 0 (1.png) cannot be decoded: neither JPEG nor PNG nor WebP");
  }

  @Test
  void aManifestSurvivesBeingWrittenAndRead() {
    AvatarManifest manifest = ManifestFormat.read(DrawnAvatar.manifest(3), "test");
    assertThat(ManifestFormat.read(ManifestFormat.write(manifest), "test")).isEqualTo(manifest);
  }

  private void spoil(String good, String bad, String message) throws IOException {
    drawn.writeManifest(DrawnAvatar.manifest(COUNT).replace(good, bad));
    assertRefused(folder, message);
  }

  private static LipstreamException assertRefused(Path location, String message) {
    LipstreamException e =
        catchThrowableOfType(LipstreamException.class, () -> AvatarPackage.open(location).close());
    assertThat(e).as("opening a package that should say: " + message).isNotNull();
    assertThat(e).hasMessageContaining(message).hasMessageContaining(location.toString());
    assertThat(e.kind()).isEqualTo(LipstreamException.Kind.AVATAR);
    assertThat(e.hint()).isNotBlank();
    return e;
  }

  private Path zip(String prefix) throws IOException {
    Path zip = temp.resolve("drawn" + prefix.length() + ".zip");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip));
        Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        put(out, prefix + folder.relativize(file), Files.readAllBytes(file));
      }
    }
    return zip;
  }

  private static void put(ZipOutputStream out, String name, byte[] content) throws IOException {
    out.putNextEntry(new ZipEntry(name));
    out.write(content);
    out.closeEntry();
  }
}
