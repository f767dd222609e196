package io.lipstream.media.avatar;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.picture.Rect;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An avatar on disk, checked when it is opened: manifest, files, rectangles, and the first frame
 * with its matte. The others are checked as they are decoded.
 *
 * <p>Immutable and thread-safe. Closing it removes what a zipped package was unpacked to, so its
 * files are used only before.
 */
public final class AvatarPackage implements AutoCloseable {
  /** The file that makes a folder an avatar package. */
  public static final String MANIFEST_FILE = "avatar.yaml";

  private static final long MAX_MANIFEST_BYTES = 1 << 20;

  private final Path location;
  private final PackageFolder folder;
  private final @Nullable PackageArchive archive;
  private final AvatarManifest manifest;
  private final List<Rect> rectangles;
  private final FrameSource frames;
  private final @Nullable Matte matte;
  private final @Nullable Background background;
  private final Path generatorFile;
  private final @Nullable Path fp16GeneratorFile;
  private final @Nullable Path int8GeneratorFile;
  private final Path audioEncoderFile;

  private AvatarPackage(Path location, Path content, @Nullable PackageArchive archive) {
    this.location = location;
    this.archive = archive;
    folder = new PackageFolder(content, location.toString());
    manifest = readManifest();
    generatorFile = folder.file(manifest.generator().file(), "generator");
    String fp16 = manifest.generator().fp16();
    fp16GeneratorFile = fp16 == null ? null : folder.file(fp16, "fp16 generator");
    String int8 = manifest.generator().int8();
    int8GeneratorFile = int8 == null ? null : folder.file(int8, "int8 generator");
    audioEncoderFile = folder.file(manifest.audioEncoder().file(), "audio encoder");
    AvatarManifest.Frames declared = manifest.frames();
    frames = findFrames(declared);
    rectangles = CropRectangles.read(folder.file(manifest.rectangles(), "rectangles"), folder);
    CropRectangles.check(
        rectangles, declared.count(), declared.widthPx(), declared.heightPx(), folder);
    frames.check(declared, folder);
    matte = manifest.matte() == null ? null : Matte.open(manifest.matte(), declared, folder);
    background = findBackground();
  }

  /**
   * Opens a folder or a .zip file.
   *
   * @throws LipstreamException AVATAR naming the package and, where there is one, the frame at
   *     fault
   */
  public static AvatarPackage open(Path location) {
    return open(location, PackageArchive.MAX_UNPACKED_BYTES);
  }

  static AvatarPackage open(Path location, long maxUnpackedBytes) {
    if (Files.isDirectory(location)) {
      return new AvatarPackage(location, location, null);
    }
    if (!Files.isRegularFile(location)) {
      throw new LipstreamException(
          LipstreamException.Kind.AVATAR,
          "avatar " + location + ": there is no such folder or file",
          "lipstream avatars lists the avatars that can be called by name");
    }
    if (!location.toString().toLowerCase(Locale.ROOT).endsWith(".zip")) {
      throw new LipstreamException(
          LipstreamException.Kind.AVATAR,
          "avatar " + location + ": neither a folder nor a .zip file",
          "name the folder that holds " + MANIFEST_FILE);
    }
    PackageArchive archive = PackageArchive.unpack(location, maxUnpackedBytes);
    try {
      return new AvatarPackage(location, archive.folder(), archive);
    } catch (RuntimeException e) {
      archive.close();
      throw e;
    }
  }

  private AvatarManifest readManifest() {
    Path file = folder.file(MANIFEST_FILE, "manifest");
    try {
      if (Files.size(file) > MAX_MANIFEST_BYTES) {
        throw folder.failure(MANIFEST_FILE + " is larger than 1 MiB", "check the file");
      }
      return ManifestFormat.read(
          Files.readString(file), location.resolve(MANIFEST_FILE).toString());
    } catch (IOException e) {
      throw folder.failure(
          MANIFEST_FILE + " cannot be read: " + e.getMessage(), "it must be UTF-8 text", e);
    }
  }

  private FrameSource findFrames(AvatarManifest.Frames declared) {
    Path source = folder.existing(declared.source(), "frames");
    return Files.isDirectory(source)
        ? new FrameSource.Pictures(folder.pictures(source))
        : new FrameSource.Video(source);
  }

  private @Nullable Background findBackground() {
    String named = manifest.background();
    if (named == null) {
      return null;
    }
    Background found = folder.background(named, "background");
    if (found instanceof Background.Picture picture) {
      try (PictureDecoder decoder = new PictureDecoder()) {
        folder.decode(decoder, picture.file(), "the background " + named);
      }
    }
    return found;
  }

  /** Where the package was opened from. */
  public Path location() {
    return location;
  }

  public AvatarManifest manifest() {
    return manifest;
  }

  /** The crop rectangle of each frame. */
  public List<Rect> rectangles() {
    return rectangles;
  }

  public Path generatorFile() {
    return generatorFile;
  }

  /** The same network with weights of 16 bits, where the package has one. */
  public Optional<Path> fp16GeneratorFile() {
    return Optional.ofNullable(fp16GeneratorFile);
  }

  /** The same network with convolutions in 8 bits, where the package has one. */
  public Optional<Path> int8GeneratorFile() {
    return Optional.ofNullable(int8GeneratorFile);
  }

  public Path audioEncoderFile() {
    return audioEncoderFile;
  }

  /** What the manifest wants to be shown behind the avatar; null for the frames as they are. */
  public @Nullable Background background() {
    return background;
  }

  /** The background of the frames as they are, where a matte tells it. */
  public Optional<Background> ownBackground() {
    return Optional.ofNullable(matte).map(Matte::over);
  }

  @Nullable Matte matte() {
    return matte;
  }

  FrameSource frames() {
    return frames;
  }

  PackageFolder folder() {
    return folder;
  }

  @Override
  public void close() {
    if (archive != null) {
      archive.close();
    }
  }
}
