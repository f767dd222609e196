package io.lipstream.app;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.AvatarPackage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Where this installation keeps its avatars. */
final class Avatars {
  private final Path root;

  private Avatars(Path root) {
    this.root = root;
  }

  record Entry(String name) {}

  static Avatars catalogue() {
    return new Avatars(Path.of(System.getProperty("lipstream.home", ".")).resolve("avatars"));
  }

  List<Entry> list() {
    try (Stream<Path> folders = Files.list(root)) {
      return folders
          .filter(folder -> Files.exists(folder.resolve(AvatarPackage.MANIFEST_FILE)))
          .map(folder -> new Entry(String.valueOf(folder.getFileName())))
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  AvatarPackage open(String nameOrPath) {
    if (!AvatarManifest.NAME.matcher(nameOrPath).matches()) {
      return AvatarPackage.open(Path.of(nameOrPath));
    }
    Path folder = root.resolve(nameOrPath);
    if (!Files.isDirectory(folder)) {
      throw new LipstreamException(
          LipstreamException.Kind.AVATAR,
          "there is no avatar \"" + nameOrPath + "\"",
          "known are " + String.join(", ", list().stream().map(Entry::name).toList()));
    }
    return AvatarPackage.open(folder);
  }
}
