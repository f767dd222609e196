package io.lipstream.inference.engine;

import io.lipstream.inference.GeneratorSpec;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarPackage;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The models that may be asked for: what lies directly below one folder, and generators that were
 * named.
 *
 * <p>Below the folder, an id is the name of
 *
 * <ul>
 *   <li>an avatar package, a folder with avatar.yaml or a .zip: its generator;
 *   <li>a folder with generator.onnx or model.onnx;
 *   <li>a file id.onnx,
 * </ul>
 *
 * where the earlier kind hides the later. Listing reads names only. A file that lies outside the
 * folder once links are resolved is refused whoever named it. Thread-safe.
 */
public final class Catalogue {
  /** What an id may look like; it can be no path. */
  public static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  private static final String ONNX = ".onnx";
  private static final String ZIP = ".zip";
  private static final List<String> NETWORKS = List.of("generator.onnx", "model.onnx");

  private final @Nullable Path root;
  private final Map<String, Path> paths;
  private final Map<String, GeneratorSpec> named = new ConcurrentHashMap<>();
  private volatile Listing listing = new Listing(FileTime.fromMillis(0), List.of());

  /** What the folder held when it was last changed. */
  private record Listing(FileTime changed, List<String> ids) {}

  private Catalogue(@Nullable Path root, Map<String, Path> paths) {
    this.root = root;
    this.paths = Map.copyOf(paths);
  }

  /** No folder, only what {@link #add} names. */
  public static Catalogue empty() {
    return new Catalogue(null, Map.of());
  }

  /**
   * The models below a folder.
   *
   * @param paths files or folders of ids that are not found by their names, below the folder
   * @throws LipstreamException if there is no such folder, an id is none, or a path leaves it
   */
  public static Catalogue below(Path root, Map<String, Path> paths) {
    try {
      Catalogue catalogue = new Catalogue(root.toRealPath(), paths);
      for (Map.Entry<String, Path> entry : paths.entrySet()) {
        requireId(entry.getKey());
        catalogue.confined(entry.getKey(), catalogue.below(entry.getValue()));
      }
      catalogue.ids();
      return catalogue;
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "the folder of models " + root + " cannot be read: " + e.getMessage(),
          "set models_root to a folder that exists",
          e);
    }
  }

  private static void requireId(String id) {
    if (!ID.matcher(id).matches()) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "models." + id + " is no model id",
          "ids consist of letters, digits, dots, dashes and underscores");
    }
  }

  /** Adds a generator that lies anywhere, for callers in this process. */
  public void add(String id, GeneratorSpec generator) {
    requireId(id);
    named.put(id, generator);
  }

  /** All ids, sorted. */
  public List<String> ids() {
    List<String> listed = listed();
    if (paths.isEmpty() && named.isEmpty()) {
      return listed;
    }
    TreeSet<String> ids = new TreeSet<>(listed);
    ids.addAll(paths.keySet());
    ids.addAll(named.keySet());
    return List.copyOf(ids);
  }

  /** The folder is read again only if an entry came or went. */
  private List<String> listed() {
    Path folder = root;
    if (folder == null) {
      return List.of();
    }
    try {
      FileTime changed = Files.getLastModifiedTime(folder);
      Listing known = listing;
      if (!known.changed().equals(changed)) {
        known = new Listing(changed, read(folder));
        listing = known;
      }
      return known.ids();
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "the folder of models " + folder + " cannot be read: " + e.getMessage(),
          "check its permissions",
          e);
    }
  }

  private static List<String> read(Path folder) throws IOException {
    List<String> ids = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String id = idOf(entry);
        if (ID.matcher(id).matches()) {
          ids.add(id);
        }
      }
    }
    return ids.stream().sorted().distinct().toList();
  }

  /** The id an entry may stand for, or nothing. */
  private static String idOf(Path entry) {
    String name = entry.getFileName().toString();
    for (String ending : List.of(ONNX, ZIP)) {
      if (name.endsWith(ending)) {
        return name.substring(0, name.length() - ending.length());
      }
    }
    boolean holdsModel =
        Files.exists(entry.resolve(AvatarPackage.MANIFEST_FILE))
            || NETWORKS.stream().anyMatch(network -> Files.exists(entry.resolve(network)));
    return holdsModel ? name : "";
  }

  /** Whether there is such a model, without opening it. */
  public boolean contains(String id) {
    return named.containsKey(id) || locate(id) != null;
  }

  /**
   * Where a model is.
   *
   * @throws LipstreamException if its file lies outside the folder
   */
  Optional<ModelSource> find(String id) {
    GeneratorSpec generator = named.get(id);
    if (generator != null) {
      return Optional.of(new ModelSource.Known(generator));
    }
    Path found = locate(id);
    return found == null ? Optional.empty() : Optional.of(source(id, confined(id, found)));
  }

  private static ModelSource source(String id, Path file) {
    boolean avatar = Files.isDirectory(file) || file.toString().endsWith(ZIP);
    return avatar ? new ModelSource.Packaged(file) : new ModelSource.Plain(id, file);
  }

  /** A package's folder or archive, or a network; null if there is none. */
  private @Nullable Path locate(String id) {
    if (root == null || !ID.matcher(id).matches()) {
      return null;
    }
    Path own = paths.get(id);
    if (own != null) {
      return inFolder(below(own));
    }
    Path folder = root.resolve(id);
    Path inFolder = Files.isDirectory(folder) ? inFolder(folder) : null;
    if (inFolder != null) {
      return inFolder;
    }
    Path zip = root.resolve(id + ZIP);
    if (Files.exists(zip)) {
      return zip;
    }
    Path plain = root.resolve(id + ONNX);
    return Files.exists(plain) ? plain : null;
  }

  /** The model of a folder; any other path as it is, null if nothing is there. */
  private static @Nullable Path inFolder(Path path) {
    if (!Files.isDirectory(path)) {
      return Files.exists(path) ? path : null;
    }
    if (Files.exists(path.resolve(AvatarPackage.MANIFEST_FILE))) {
      return path;
    }
    for (String network : NETWORKS) {
      if (Files.exists(path.resolve(network))) {
        return path.resolve(network);
      }
    }
    return null;
  }

  private Path below(Path path) {
    return root == null ? path : root.resolve(path);
  }

  private Path confined(String id, Path path) {
    try {
      Path real = path.toRealPath();
      if (root != null && !real.startsWith(root)) {
        throw new LipstreamException(
            LipstreamException.Kind.INPUT,
            "model " + id + " lies outside the folder of models " + root + ": " + real,
            "move it into that folder; links must not lead out of it");
      }
      return real;
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "model " + id + " cannot be read: " + e,
          "correct models." + id + ".model_path",
          e);
    }
  }
}
