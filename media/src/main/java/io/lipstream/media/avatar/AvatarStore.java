package io.lipstream.media.avatar;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The avatars that can be called by name: the packages directly below a few folders, where an
 * earlier folder hides the same name in a later one.
 *
 * <p>A name is never part of a path before it has been found among what is there.
 */
public final class AvatarStore {
  private static final String ZIP = ".zip";

  private final List<Path> roots;

  /** A store over folders that need not exist. */
  public AvatarStore(List<Path> roots) {
    this.roots = List.copyOf(roots);
  }

  /** The same with another folder before all others, unless it is one of them. */
  public AvatarStore with(Path folder) {
    if (roots.contains(folder)) {
      return this;
    }
    List<Path> more = new ArrayList<>(roots);
    more.addFirst(folder);
    return new AvatarStore(more);
  }

  /** One package of the store. */
  public sealed interface Entry {
    String name();

    Path location();

    /** A package whose manifest, files and rectangles agree. */
    record Usable(AvatarManifest manifest, Path location) implements Entry {
      @Override
      public String name() {
        return manifest.name();
      }
    }

    /** A package that cannot be opened, and why. */
    record Broken(String name, Path location, String reason, String hint) implements Entry {}
  }

  /**
   * Where a user's own avatars live.
   *
   * @param environment the process's variables, of which XDG_DATA_HOME counts
   * @param home the user's home folder
   */
  public static Path userFolder(Map<String, String> environment, Path home) {
    String dataHome = environment.getOrDefault("XDG_DATA_HOME", "");
    Path data = Path.of(dataHome);
    // The XDG specification has relative values ignored.
    return (data.isAbsolute() ? data : home.resolve(".local/share")).resolve("lipstream/avatars");
  }

  /**
   * Opens an avatar by name, or a package by path: whatever does not look like a name is a path.
   *
   * @throws LipstreamException AVATAR if there is no such avatar or it is broken
   */
  public AvatarPackage open(String nameOrPath) {
    if (!AvatarManifest.NAME.matcher(nameOrPath).matches()) {
      return AvatarPackage.open(Path.of(nameOrPath));
    }
    Path location = locations().get(nameOrPath);
    if (location == null) {
      throw unknown(nameOrPath);
    }
    AvatarPackage avatar = AvatarPackage.open(location);
    try {
      requireOwnName(nameOrPath, avatar.manifest(), location);
      return avatar;
    } catch (LipstreamException e) {
      avatar.close();
      throw e;
    }
  }

  /** Whether there is an avatar of this name, broken or not. */
  public boolean holds(String name) {
    return locations().containsKey(name);
  }

  /** Every avatar by name, broken ones included. */
  public List<Entry> list() {
    return locations().entrySet().stream()
        .map(found -> entry(found.getKey(), found.getValue()))
        .toList();
  }

  private static Entry entry(String name, Path location) {
    try {
      AvatarManifest manifest = examine(location);
      requireOwnName(name, manifest, location);
      return new Entry.Usable(manifest, location);
    } catch (LipstreamException e) {
      return new Entry.Broken(name, location, String.valueOf(e.getMessage()), e.hint());
    }
  }

  /** Checks a folder wholly; of an archive only the manifest, for unpacking takes too long. */
  private static AvatarManifest examine(Path location) {
    if (Files.isRegularFile(location)) {
      return PackageArchive.manifest(location);
    }
    try (AvatarPackage avatar = AvatarPackage.open(location)) {
      return avatar.manifest();
    }
  }

  private static void requireOwnName(String name, AvatarManifest manifest, Path location) {
    if (!manifest.name().equals(name)) {
      throw new LipstreamException(
          LipstreamException.Kind.AVATAR,
          "avatar " + location + ": its manifest calls it " + manifest.name(),
          "rename the folder or file to " + manifest.name() + ", or change name in avatar.yaml");
    }
  }

  private LipstreamException unknown(String name) {
    List<String> known = List.copyOf(locations().keySet());
    String guess =
        Spelling.nearest(name, known).map(near -> "did you mean " + near + "? ").orElse("");
    String path = Files.exists(Path.of(name)) ? "; for the folder here write ./" + name : "";
    return new LipstreamException(
        LipstreamException.Kind.AVATAR,
        "there is no avatar named " + name,
        guess
            + (known.isEmpty() ? "no avatars in " + roots : "known: " + String.join(", ", known))
            + path);
  }

  private Map<String, Path> locations() {
    Map<String, Path> found = new TreeMap<>();
    for (Path root : roots) {
      if (Files.isDirectory(root)) {
        for (Path candidate : children(root)) {
          String name = nameOf(candidate);
          if (AvatarManifest.NAME.matcher(name).matches()) {
            found.putIfAbsent(name, candidate);
          }
        }
      }
    }
    return found;
  }

  private static List<Path> children(Path root) {
    try (Stream<Path> children = Files.list(root)) {
      // Folders first: an unpacked package is the one somebody works on.
      return children
          .filter(child -> Files.isDirectory(child) || child.toString().endsWith(ZIP))
          .sorted((a, b) -> Boolean.compare(Files.isDirectory(b), Files.isDirectory(a)))
          .toList();
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "the avatars in " + root + " cannot be listed: " + e.getMessage(),
          "check its permissions",
          e);
    }
  }

  private static String nameOf(Path candidate) {
    String name = candidate.getFileName().toString();
    return Files.isDirectory(candidate) || !name.endsWith(ZIP)
        ? name
        : name.substring(0, name.length() - ZIP.length());
  }
}
