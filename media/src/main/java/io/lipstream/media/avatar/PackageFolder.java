package io.lipstream.media.avatar;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * The folder of one avatar; hands out no file that lies outside it, whatever names and links say.
 */
final class PackageFolder {
  private static final Set<String> PICTURE_ENDINGS = Set.of(".jpg", ".jpeg", ".png", ".webp");

  private final Path root;
  private final String label;

  /**
   * A package's folder.
   *
   * @param label the package's name in messages
   */
  PackageFolder(Path folder, String label) {
    this.label = label;
    try {
      root = folder.toRealPath();
    } catch (IOException e) {
      throw failure("cannot be read: " + e.getMessage(), "check the path and its permissions", e);
    }
  }

  String label() {
    return label;
  }

  /** Whether a name could be one of a file below a folder: relative, with / and without "..". */
  static boolean isRelativeName(String name) {
    if (name.isEmpty() || name.startsWith("/") || name.indexOf('\\') >= 0) {
      return false;
    }
    if (name.indexOf('\0') >= 0 || name.matches("[A-Za-z]:.*")) {
      return false;
    }
    return Stream.of(name.split("/", -1)).noneMatch(part -> part.equals(".."));
  }

  /** The regular file of that name, links resolved. */
  Path file(String name, String role) {
    Path file = existing(name, role);
    if (!Files.isRegularFile(file)) {
      throw failure(role + " " + name + " is not a file", "name a file in avatar.yaml");
    }
    return file;
  }

  /** The file or folder of that name, links resolved. */
  Path existing(String name, String role) {
    if (!isRelativeName(name)) {
      throw failure(role + " " + name + " is not a path inside the package", "write it relative");
    }
    Path path = root.resolve(name);
    if (!Files.exists(path)) {
      throw failure(role + " " + name + " does not exist", "add the file or correct avatar.yaml");
    }
    return inside(path, name, role);
  }

  /** The colour or picture file that a key names. */
  Background background(String text, String key) {
    Optional<Background.Colour> colour = ColourNames.find(text);
    if (colour.isPresent()) {
      return colour.get();
    }
    if (!isRelativeName(text) || !Files.exists(root.resolve(text))) {
      throw failure(
          key + " " + text + " is neither a colour nor a file of the package",
          ColourNames.advice(text));
    }
    return new Background.Picture(file(text, key));
  }

  /**
   * Decodes a picture; valid until the decoder's next one.
   *
   * @param which the picture in messages
   */
  AVFrame decode(PictureDecoder decoder, Path picture, String which) {
    return decode(decoder, new HeldFiles(), picture, which);
  }

  /** As the other, for a file that may be in memory. */
  AVFrame decode(PictureDecoder decoder, HeldFiles held, Path picture, String which) {
    try {
      return decoder.decode(held.bytes(picture));
    } catch (IOException e) {
      throw failure(which + " cannot be decoded: " + e.getMessage(), "replace the picture", e);
    }
  }

  /** The pictures of a folder in natural order of their names: 2.jpg before 10.jpg. */
  List<Path> pictures(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(PackageFolder::isPicture)
          .sorted(Comparator.comparing(Path::getFileName, NaturalOrder.OF_FILE_NAMES))
          .map(this::insidePicture)
          .toList();
    } catch (IOException e) {
      throw failure("its frames cannot be listed: " + e.getMessage(), "check permissions", e);
    }
  }

  private Path insidePicture(Path picture) {
    // Only a link can lead out of a folder that is itself inside; real paths cost too much for
    // thousands of ordinary files.
    return Files.isRegularFile(picture, LinkOption.NOFOLLOW_LINKS)
        ? picture
        : inside(picture, root.relativize(picture).toString(), "frame");
  }

  private Path inside(Path path, String name, String role) {
    try {
      Path real = path.toRealPath();
      if (!real.startsWith(root)) {
        throw failure(
            role + " " + name + " leads out of the package", "put a copy into the package");
      }
      return real;
    } catch (IOException e) {
      throw failure(role + " " + name + " cannot be read: " + e.getMessage(), "check the link", e);
    }
  }

  static boolean isPicture(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return !name.startsWith(".") && PICTURE_ENDINGS.stream().anyMatch(name::endsWith);
  }

  LipstreamException failure(String what, String hint) {
    return new LipstreamException(
        LipstreamException.Kind.AVATAR, "avatar " + label + ": " + what, hint);
  }

  LipstreamException failure(String what, String hint, Throwable cause) {
    return new LipstreamException(
        LipstreamException.Kind.AVATAR, "avatar " + label + ": " + what, hint, cause);
  }
}
