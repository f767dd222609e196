package io.lipstream.media.avatar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.picture.Rect;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AvatarImportTest {
  private static final int COUNT = 12;

  @TempDir Path temp;
  private Path source;
  private Path target;

  @BeforeEach
  void makeFolders() throws IOException {
    source = Files.createDirectories(temp.resolve("Some Body"));
    target = temp.resolve("avatars/somebody");
    Files.createDirectories(source.resolve("models"));
    Files.writeString(source.resolve("models/generator.onnx"), "generator");
    Files.writeString(source.resolve("models/audio_encoder.onnx"), "encoder");
  }

  @Test
  void aSyncTalkDataSetBecomesAPackageWithTheRectanglesOfItsLandmarks() throws IOException {
    writePictures(0);
    writeLandmarks(COUNT);
    List<String> progress = new ArrayList<>();

    AvatarImport.run(request(), (done, total) -> progress.add(done + "/" + total));

    try (AvatarPackage avatar = AvatarPackage.open(target);
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
      assertThat(avatar.manifest().name()).isEqualTo("somebody");
      assertThat(avatar.manifest().restingMouth()).isEqualTo(RestingMouth.GENERATOR);
      assertThat(avatar.manifest().licence()).isEqualTo("by arrangement");
      assertThat(avatar.rectangles().get(3)).isEqualTo(new Rect(13, 15, 53, 55));
      assertThat(frames.frame(11).rect()).isEqualTo(new Rect(21, 15, 61, 55));
      assertThat(avatar.generatorFile()).hasContent("generator");
    }
    assertThat(progress).hasSize(COUNT + 2).endsWith("14/14");
  }

  @Test
  void picturesNumberedFromOneMeetLandmarksNumberedFromZero() throws IOException {
    writePictures(1);
    writeLandmarks(COUNT);
    AvatarImport.run(request(), (done, total) -> {});
    try (AvatarPackage avatar = AvatarPackage.open(target)) {
      assertThat(avatar.rectangles().getFirst()).isEqualTo(new Rect(10, 15, 50, 55));
      assertThat(((FrameSource.Pictures) avatar.frames()).files().getFirst()).hasFileName("1.jpg");
    }
  }

  @Test
  void aVideoPackageKeepsItsVideo() throws IOException {
    writeVideo();
    writeKeyedRectangles(COUNT);
    AvatarImport.run(request(), (done, total) -> {});
    assertThat(target.resolve("frames.mp4"))
        .hasSameBinaryContentAs(source.resolve("full_body_video.mp4"));
    try (AvatarPackage avatar = AvatarPackage.open(target);
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
      for (int k : new int[] {1, 2, 11, 5, 0}) {
        assertThat(frames.frame(k).picture().data()[100] & 0xff).isCloseTo(40 + 10 * k, within(2));
        assertThat(frames.frame(k).rect()).isEqualTo(new Rect(k, 4, k + 40, 44));
        int grey = (int) Math.round((40 + 10 * k - 16) * 255 / 219.0);
        assertThat(frames.frame(k).crop().data()[100] & 0xff).isCloseTo(grey, within(3));
      }
    }
  }

  @Test
  void aHeldVideoNeedsNoFile() throws IOException {
    writeVideo();
    writeKeyedRectangles(COUNT);
    AvatarImport.run(request(), (done, total) -> {});
    FrameMemory memory = new FrameMemory(FrameBounds.byDefault());
    try (AvatarPackage avatar = AvatarPackage.open(target);
        AvatarFrames frames = AvatarFrames.hold(avatar, memory, null)) {
      // Emptied, not deleted: whoever has it open would not notice that.
      Files.write(((FrameSource.Video) avatar.frames()).file(), new byte[0]);
      for (int k = COUNT - 1; k >= 0; k--) {
        int grey = (int) Math.round((40 + 10 * k - 16) * 255 / 219.0);
        assertThat(frames.frame(k).crop().data()[100] & 0xff).isCloseTo(grey, within(3));
      }
    }
    assertThat(memory.takenBytes()).isZero();
  }

  @Test
  void aVideoOfMoreFramesThanTheBoundIsRefusedWithTheWayOut() throws IOException {
    writeVideo();
    writeKeyedRectangles(COUNT);
    AvatarImport.run(request(), (done, total) -> {});
    FrameMemory memory = new FrameMemory(new FrameBounds(COUNT - 1, 1 << 30));
    try (AvatarPackage avatar = AvatarPackage.open(target)) {
      LipstreamException e =
          catchThrowableOfType(
              LipstreamException.class, () -> AvatarFrames.hold(avatar, memory, null));
      assertThat(e).hasMessageContaining("12 frames, the bound is 11");
      assertThat(e.hint()).contains("folder of pictures");
    }
  }

  @Test
  void aVideoThatDoesNotFitTheBoundIsRefusedWithTheWayOut() throws IOException {
    writeVideo();
    writeKeyedRectangles(COUNT);
    AvatarImport.run(request(), (done, total) -> {});
    try (AvatarPackage avatar = AvatarPackage.open(target)) {
      LipstreamException e =
          catchThrowableOfType(
              LipstreamException.class, () -> AvatarFrames.load(avatar, 2 << 20).close());
      assertThat(e).hasMessageContaining("the bound is 2 MiB");
      assertThat(e.hint()).contains("folder of pictures");
    }
  }

  @Test
  void framesAndRectanglesThatDisagreeAreRefusedWithBothNumbers() throws IOException {
    writeVideo();
    writeKeyedRectangles(COUNT + 3);
    assertRefused("15 rectangles for 12 frames");
  }

  @Test
  void aRectanglePartlyOutsideItsFrameIsNamed() throws IOException {
    writePictures(0);
    writeLandmarks(COUNT);
    writeLandmark(7, 70, 110, 20);
    assertRefused(
        "the rectangle of frame 7, [70, 20, 110, 60], does not lie inside the frame of 96x64");
  }

  @Test
  void landmarksThatAreNoneAreNamed() throws IOException {
    writePictures(0);
    writeLandmarks(COUNT);
    Files.writeString(source.resolve("landmarks/2.lms"), "1 2\n3 4\n");
    assertRefused("the landmarks of frame 2 (2.lms) are only 2 points");
    Files.writeString(source.resolve("landmarks/2.lms"), "one two\n".repeat(110));
    assertRefused("the landmarks of frame 2 (2.lms) are not lines of two numbers");
  }

  @Test
  void aPyTorchCheckpointIsNeverOpened() throws IOException {
    writePictures(0);
    writeLandmarks(COUNT);
    Files.delete(source.resolve("models/generator.onnx"));
    Files.createDirectories(source.resolve("checkpoint"));
    Path checkpoint =
        Files.write(source.resolve("checkpoint/195.pth"), new byte[] {'P', 'K', 3, 4});
    assertRefused("the PyTorch checkpoint checkpoint/195.pth is not opened");

    Path disguised = Files.copy(checkpoint, temp.resolve("disguised.onnx"));
    for (Path given : List.of(checkpoint, disguised)) {
      var request =
          new AvatarImport.Request(source, target, Optional.of(given), Optional.empty(), "unknown");
      LipstreamException e =
          catchThrowableOfType(
              LipstreamException.class, () -> AvatarImport.run(request, (done, total) -> {}));
      assertThat(e).hasMessageContaining("is a PyTorch checkpoint");
      assertThat(e.hint()).contains("torch.onnx.export");
    }
  }

  @Test
  void aFolderOfSomethingElseIsRefused() {
    assertRefused("neither a SyncTalk_2D data set nor a video package");
  }

  @Test
  void anExistingPackageIsNotOverwritten() throws IOException {
    writePictures(0);
    writeLandmarks(COUNT);
    Files.createDirectories(target);
    LipstreamException e =
        catchThrowableOfType(
            LipstreamException.class, () -> AvatarImport.run(request(), (done, total) -> {}));
    assertThat(e).hasMessageContaining("exists already");
    assertThat(e.kind()).isEqualTo(LipstreamException.Kind.OUTPUT);
  }

  @Test
  void aFailedImportLeavesNothing() throws IOException {
    writePictures(0);
    writeLandmarks(COUNT);
    RuntimeException stop = new IllegalStateException("the user has had enough");
    RuntimeException thrown =
        catchThrowableOfType(
            RuntimeException.class,
            () ->
                AvatarImport.run(
                    request(),
                    (done, total) -> {
                      if (done == 5) {
                        throw stop;
                      }
                    }));
    assertThat(thrown).isSameAs(stop);
    assertThat(target.getParent()).isEmptyDirectory();
    assertThat(source.resolve("full_body_img/0.jpg")).exists();
  }

  @Test
  void namesAreMadeOfFolderNames() {
    assertThat(AvatarImport.nameFor(Path.of("/data/My Face_2/"))).isEqualTo("my-face-2");
    assertThat(AvatarImport.nameFor(Path.of("/data/__"))).isEqualTo("avatar");
  }

  private AvatarImport.Request request() {
    return new AvatarImport.Request(
        source, target, Optional.empty(), Optional.empty(), "by arrangement");
  }

  private void assertRefused(String message) {
    LipstreamException e =
        catchThrowableOfType(
            LipstreamException.class, () -> AvatarImport.run(request(), (done, total) -> {}));
    assertThat(e).as("an import that should say: " + message).isNotNull();
    assertThat(e).hasMessageContaining(message).hasMessageContaining(source.toString());
    assertThat(e.hint()).isNotBlank();
    assertThat(target).doesNotExist();
  }

  private void writePictures(int first) throws IOException {
    Path folder = Files.createDirectories(source.resolve("full_body_img"));
    for (int k = 0; k < COUNT; k++) {
      ImageIO.write(DrawnAvatar.picture(k), "jpg", folder.resolve((first + k) + ".jpg").toFile());
    }
  }

  private void writeVideo() throws IOException {
    Files.copy(
        Path.of("src/test/resources/avatar/grey12.mp4"), source.resolve("full_body_video.mp4"));
    Files.writeString(source.resolve("package_info.json"), "{\"version\": \"2.0\"}");
  }

  private void writeKeyedRectangles(int count) throws IOException {
    Files.createDirectories(source.resolve("cache"));
    Files.writeString(
        source.resolve("cache/crop_rectangles.json"),
        IntStream.range(0, count)
            .mapToObj(k -> "\"%d\": {\"rect\": [%d, 4, %d, 44]}".formatted(k, k, k + 40))
            .collect(Collectors.joining(", ", "{", "}")));
  }

  private void writeLandmarks(int count) throws IOException {
    for (int k = 0; k < count; k++) {
      writeLandmark(k, 10 + k, 50 + k, 15);
    }
  }

  /** 110 points of which only those that make the rectangle hold a meaning. */
  private void writeLandmark(int frame, int x1, int x2, int y1) throws IOException {
    Path folder = Files.createDirectories(source.resolve("landmarks"));
    List<String> lines = new ArrayList<>(java.util.Collections.nCopies(110, "1.0 1.0"));
    lines.set(1, x1 + ".9 30.2");
    lines.set(31, x2 + ".1 30");
    lines.set(52, "33.3 " + y1 + ".999");
    Files.write(folder.resolve(frame + ".lms"), lines);
  }
}
