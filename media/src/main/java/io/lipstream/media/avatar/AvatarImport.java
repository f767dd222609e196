package io.lipstream.media.avatar;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.picture.Rect;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Turns a folder of the SyncTalk_2D family into an avatar package.
 *
 * <p>The package is written beside its final place and renamed when it is whole. Frames are linked
 * or copied, never encoded again. Nothing in the folder is executed: PyTorch checkpoints are
 * refused.
 */
public final class AvatarImport {
  /** What this family's features are made for, whatever a video's own rate may be. */
  private static final int FPS = 25;

  private AvatarImport() {}

  /**
   * What to import.
   *
   * @param source a SyncTalk_2D data set or a video package 2.0
   * @param target the package's folder, not existing yet; its name becomes the avatar's
   * @param generator an ONNX file, where it does not lie in the source
   * @param audioEncoder an ONNX file, where it does not lie in the source
   * @param licence what the manifest says about the right to use the pictures
   */
  public record Request(
      Path source,
      Path target,
      Optional<Path> generator,
      Optional<Path> audioEncoder,
      String licence) {
    public Request {
      if (licence.isBlank()) {
        throw new IllegalArgumentException("a licence must be stated, be it \"unknown\"");
      }
    }
  }

  /** Hears how far the import is. */
  @FunctionalInterface
  public interface Progress {
    void files(int done, int total);
  }

  /** The avatar name nearest to a folder's name: "My Face_2" becomes "my-face-2". */
  public static String nameFor(Path source) {
    String folder = String.valueOf(source.toAbsolutePath().normalize().getFileName());
    String name =
        folder.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
    return name.isEmpty() ? "avatar" : name;
  }

  /**
   * Imports and checks an avatar.
   *
   * @throws LipstreamException AVATAR if something in the source is missing or disagrees, OUTPUT if
   *     the package cannot be written
   */
  public static void run(Request request, Progress progress) {
    ForeignAvatar foreign = new ForeignAvatar(request.source());
    FrameSource frames = foreign.frames();
    Path generator = foreign.generator(request.generator());
    Path audioEncoder = foreign.audioEncoder(request.audioEncoder());
    AvatarManifest manifest = manifest(request, foreign.folder(), frames);
    List<Rect> rectangles = foreign.rectangles();
    CropRectangles.check(
        rectangles,
        manifest.frames().count(),
        manifest.frames().widthPx(),
        manifest.frames().heightPx(),
        foreign.folder());

    List<Copy> copies = new ArrayList<>();
    switch (frames) {
      case FrameSource.Pictures pictures ->
          pictures
              .files()
              .forEach(file -> copies.add(new Copy(file, "frames/" + file.getFileName())));
      case FrameSource.Video video -> copies.add(new Copy(video.file(), "frames.mp4"));
    }
    copies.addAll(network(generator, manifest.generator().file()));
    copies.addAll(network(audioEncoder, manifest.audioEncoder().file()));
    write(request.target(), manifest, rectangles, copies, progress);
  }

  /** One file of the package to be. */
  private record Copy(Path from, String to) {}

  /** A network with the file of weights that exporters put beside a large one. */
  private static List<Copy> network(Path file, String to) {
    List<Copy> copies = new ArrayList<>(List.of(new Copy(file, to)));
    for (String ending : List.of(".data", "_data")) {
      Path weights = file.resolveSibling(file.getFileName() + ending);
      if (Files.isRegularFile(weights)) {
        copies.add(new Copy(weights, "models/" + weights.getFileName()));
      }
    }
    return copies;
  }

  private static AvatarManifest manifest(
      Request request, PackageFolder folder, FrameSource frames) {
    String name = String.valueOf(request.target().getFileName());
    String source = String.valueOf(request.source().toAbsolutePath().normalize().getFileName());
    AvatarManifest.Frames declared =
        switch (frames) {
          case FrameSource.Pictures pictures -> declare(pictures, folder);
          case FrameSource.Video video -> declare(video, folder);
        };
    try {
      return new AvatarManifest(
          AvatarManifest.SCHEMA,
          name,
          source,
          "Imported from " + source,
          request.licence(),
          List.of(),
          FPS,
          declared,
          "rectangles.json",
          null,
          null,
          FrameOrder.PING_PONG,
          RestingMouth.GENERATOR,
          Map.of(),
          GeneratorFamily.SYNCTALK2D_328,
          GeneratorFamily.SYNCTALK2D_328.defaultMask(),
          new AvatarManifest.Generator("models/generator.onnx"),
          new AvatarManifest.AudioEncoder("models/audio_encoder.onnx"));
    } catch (IllegalArgumentException e) {
      throw folder.failure("cannot become a package: " + e.getMessage(), "choose another name", e);
    }
  }

  private static AvatarManifest.Frames declare(
      FrameSource.Pictures pictures, PackageFolder folder) {
    Path first = pictures.files().getFirst();
    try (PictureDecoder decoder = new PictureDecoder()) {
      var frame = decoder.decode(first);
      return declare("frames", pictures.files().size(), frame.width(), frame.height(), folder);
    } catch (IOException e) {
      throw folder.failure(
          "frame 0 (" + first.getFileName() + ") cannot be decoded: " + e.getMessage(),
          "replace the picture",
          e);
    }
  }

  private static AvatarManifest.Frames declare(FrameSource.Video video, PackageFolder folder) {
    try (VideoDecoder decoder = video.open(folder)) {
      return declare(
          "frames.mp4", decoder.countFrames(), decoder.widthPx(), decoder.heightPx(), folder);
    }
  }

  private static AvatarManifest.Frames declare(
      String source, int count, int widthPx, int heightPx, PackageFolder folder) {
    try {
      return new AvatarManifest.Frames(source, count, widthPx, heightPx);
    } catch (IllegalArgumentException e) {
      throw folder.failure(
          "its frames do not fit: " + e.getMessage(),
          "crop them to even sides first, without touching their upper left corner",
          e);
    }
  }

  private static void write(
      Path target,
      AvatarManifest manifest,
      List<Rect> rectangles,
      List<Copy> copies,
      Progress progress) {
    Path absolute = target.toAbsolutePath().normalize();
    if (Files.exists(absolute)) {
      throw output(target + " exists already", "choose another name, or remove it first", null);
    }
    Path parent = Objects.requireNonNull(absolute.getParent(), "a root is no target");
    try {
      Files.createDirectories(parent);
      Path unfinished = Files.createTempDirectory(parent, ".importing-");
      try {
        fill(unfinished, manifest, rectangles, copies, progress);
        AvatarPackage.open(unfinished).close();
        Files.move(unfinished, absolute);
      } finally {
        PackageArchive.delete(unfinished);
      }
    } catch (IOException e) {
      throw output(
          "the package " + target + " cannot be written: " + e.getMessage(),
          "check permissions and free space",
          e);
    }
  }

  private static void fill(
      Path folder,
      AvatarManifest manifest,
      List<Rect> rectangles,
      List<Copy> copies,
      Progress progress)
      throws IOException {
    int done = 0;
    for (Copy copy : copies) {
      Path to = folder.resolve(copy.to());
      Files.createDirectories(to.resolveSibling(""));
      linkOrCopy(copy.from().toRealPath(), to);
      progress.files(++done, copies.size());
    }
    Files.writeString(folder.resolve(manifest.rectangles()), CropRectangles.write(rectangles));
    Files.writeString(folder.resolve(AvatarPackage.MANIFEST_FILE), ManifestFormat.write(manifest));
  }

  /** A second name for the same file costs nothing; across file systems it takes a copy. */
  private static void linkOrCopy(Path from, Path to) throws IOException {
    try {
      Files.createLink(to, from);
    } catch (IOException | UnsupportedOperationException | SecurityException e) {
      Files.copy(from, to);
    }
  }

  private static LipstreamException output(String message, String hint, @Nullable Throwable cause) {
    return cause == null
        ? new LipstreamException(LipstreamException.Kind.OUTPUT, message, hint)
        : new LipstreamException(LipstreamException.Kind.OUTPUT, message, hint, cause);
  }
}
