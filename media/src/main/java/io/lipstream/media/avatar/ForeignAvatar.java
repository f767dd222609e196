package io.lipstream.media.avatar;

import io.lipstream.media.picture.Rect;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The parts of an avatar found in a folder that other programs made: a SyncTalk_2D data set or a
 * video package 2.0.
 */
final class ForeignAvatar {
  private static final Set<String> CHECKPOINT_ENDINGS =
      Set.of(".pth", ".pt", ".ckpt", ".pkl", ".bin", ".tar");
  private static final String VIDEO = "full_body_video.mp4";
  private static final String PICTURES = "full_body_img";
  private static final List<String> RECTANGLES =
      List.of(
          "cache/crop_rectangles.json",
          "cache/crop_rects.json",
          "crop_rectangles.json",
          "crop_rects.json");

  private final PackageFolder folder;
  private final Path root;

  ForeignAvatar(Path root) {
    this.root = root;
    folder = new PackageFolder(root, root.toString());
  }

  PackageFolder folder() {
    return folder;
  }

  /** The video where there is one, because it is what the pictures were taken from. */
  FrameSource frames() {
    if (Files.isRegularFile(root.resolve(VIDEO))) {
      return new FrameSource.Video(folder.file(VIDEO, "video"));
    }
    if (Files.isDirectory(root.resolve(PICTURES))) {
      List<Path> pictures = folder.pictures(folder.existing(PICTURES, "frames"));
      if (pictures.isEmpty()) {
        throw folder.failure(PICTURES + " holds no pictures", "it should hold 0.jpg, 1.jpg, ...");
      }
      return new FrameSource.Pictures(pictures);
    }
    throw folder.failure(
        "neither a SyncTalk_2D data set nor a video package",
        "it should hold the folder " + PICTURES + " or the file " + VIDEO);
  }

  /**
   * The rectangles, paired with frames by their order: pictures are often numbered from 1 where
   * landmarks and rectangles count from 0.
   */
  List<Rect> rectangles() {
    for (String name : RECTANGLES) {
      if (Files.exists(root.resolve(name))) {
        return CropRectangles.read(folder.file(name, "rectangles"), folder);
      }
    }
    if (!Files.isDirectory(root.resolve("landmarks"))) {
      throw folder.failure(
          "there are neither landmarks nor rectangles",
          "add landmarks/ or " + RECTANGLES.getFirst());
    }
    List<Path> files = landmarkFiles(folder.existing("landmarks", "landmarks"));
    return IntStream.range(0, files.size())
        .mapToObj(frame -> Landmarks.rectangle(files.get(frame), frame, folder))
        .toList();
  }

  private List<Path> landmarkFiles(Path landmarks) {
    try (Stream<Path> entries = Files.list(landmarks)) {
      return entries
          .filter(file -> file.toString().endsWith(".lms"))
          .sorted(Comparator.comparing(Path::getFileName, NaturalOrder.OF_FILE_NAMES))
          .toList();
    } catch (IOException e) {
      throw folder.failure("landmarks cannot be listed: " + e.getMessage(), "check permissions", e);
    }
  }

  Path generator(Optional<Path> given) {
    return network(
        given,
        "generator",
        List.of("models/generator.onnx", "generator.onnx", "checkpoint/model_best.onnx"));
  }

  Path audioEncoder(Optional<Path> given) {
    return network(
        given, "audio encoder", List.of("models/audio_encoder.onnx", "audio_encoder.onnx"));
  }

  private Path network(Optional<Path> given, String role, List<String> usual) {
    if (given.isPresent()) {
      return onnx(given.get(), role);
    }
    for (String name : usual) {
      if (Files.isRegularFile(root.resolve(name))) {
        return onnx(folder.file(name, role), role);
      }
    }
    throw folder.failure(
        "there is no " + role + ": " + String.join(", ", usual) + checkpointFound(),
        "export the network to ONNX where it was trained and name the file");
  }

  private Path onnx(Path file, String role) {
    if (!Files.isRegularFile(file)) {
      throw folder.failure("the " + role + " " + file + " does not exist", "check the path");
    }
    if (isCheckpoint(file)) {
      throw folder.failure(
          "the "
              + role
              + " "
              + file
              + " is a PyTorch checkpoint, which can run any code when loaded",
          "Lipstream never opens one: export it with torch.onnx.export where it was trained");
    }
    return file;
  }

  private static boolean isCheckpoint(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return CHECKPOINT_ENDINGS.stream().anyMatch(name::endsWith) || startsLikePickle(file);
  }

  /** Checkpoints are zip archives of pickles, older ones bare pickles; ONNX begins with neither. */
  private static boolean startsLikePickle(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] start = in.readNBytes(2);
      return start.length == 2 && ((start[0] == 'P' && start[1] == 'K') || start[0] == (byte) 0x80);
    } catch (IOException e) {
      return false;
    }
  }

  private String checkpointFound() {
    try (Stream<Path> files = Files.walk(root, 2)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> CHECKPOINT_ENDINGS.stream().anyMatch(file.toString()::endsWith))
          .findFirst()
          .map(file -> "; the PyTorch checkpoint " + root.relativize(file) + " is not opened")
          .orElse("");
    } catch (IOException e) {
      return "";
    }
  }
}
