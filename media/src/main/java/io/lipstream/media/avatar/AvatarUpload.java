package io.lipstream.media.avatar;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Installs an avatar from an archive that somebody sent: a zipped package, or a zipped folder of
 * the SyncTalk_2D family.
 *
 * <p>It is unpacked beside its final place, checked, and renamed when it is whole. Entries are
 * bounded in number, in bytes and in how much larger than the archive they become; their names lead
 * nowhere else; links are written as files that hold the link's text.
 */
public final class AvatarUpload {
  private static final int BUFFER_BYTES = 1 << 16;

  private AvatarUpload() {}

  /**
   * What an archive may hold.
   *
   * @param maxRatio how many times the archive's own size, where that is more than {@code
   *     freeBytes}
   * @param freeBytes below which the ratio does not matter
   */
  public record Limits(long maxBytes, int maxEntries, int maxRatio, long freeBytes) {
    public static final Limits DEFAULT = new Limits(8L << 30, 200_000, 50, 64L << 20);
  }

  /** Hears how far it is. */
  @FunctionalInterface
  public interface Progress {
    /**
     * A step goes on.
     *
     * @param step unpacking or importing
     * @param done of the total, both in units of the step's own
     */
    void at(String step, long done, long total);
  }

  /**
   * Installs an avatar.
   *
   * @param target the package's folder, not existing yet; its name becomes the avatar's
   * @throws LipstreamException AVATAR if the archive or what it holds is wrong, OUTPUT if it cannot
   *     be written
   */
  public static void install(Path archive, Path target, Limits limits, Progress progress) {
    Path parent = Objects.requireNonNull(target.toAbsolutePath().normalize().getParent());
    try {
      Files.createDirectories(parent);
      Path unpacked = Files.createTempDirectory(parent, ".uploaded-");
      try {
        unpack(archive, unpacked, limits, progress);
        place(unpacked, target, progress);
      } finally {
        PackageArchive.delete(unpacked);
      }
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.OUTPUT,
          "the avatar cannot be written: " + e.getMessage(),
          "check permissions and free space of " + parent,
          e);
    }
  }

  private static void place(Path unpacked, Path target, Progress progress) throws IOException {
    Path content = content(unpacked);
    String name = String.valueOf(target.getFileName());
    if (!Files.exists(content.resolve(AvatarPackage.MANIFEST_FILE))) {
      AvatarImport.run(
          new AvatarImport.Request(content, target, Optional.empty(), Optional.empty(), "unknown"),
          (done, total) -> progress.at("importing", done, total));
      return;
    }
    try (AvatarPackage avatar = AvatarPackage.open(content)) {
      if (!avatar.manifest().name().equals(name)) {
        Path manifest = content.resolve(AvatarPackage.MANIFEST_FILE);
        Files.writeString(manifest, ManifestFormat.renamed(Files.readString(manifest), name));
      }
    }
    Files.move(content, target);
  }

  /** The folder that was zipped, or what was in it. */
  private static Path content(Path unpacked) throws IOException {
    try (Stream<Path> children = Files.list(unpacked)) {
      List<Path> top = children.toList();
      return top.size() == 1 && Files.isDirectory(top.getFirst()) ? top.getFirst() : unpacked;
    }
  }

  private static void unpack(Path archive, Path into, Limits limits, Progress progress)
      throws IOException {
    long archiveBytes = Files.size(archive);
    long most =
        Math.min(limits.maxBytes(), Math.max(limits.freeBytes(), archiveBytes * limits.maxRatio()));
    try (ZipFile zip = open(archive)) {
      if (zip.size() > limits.maxEntries()) {
        throw refused("the archive has " + zip.size() + " entries", "send fewer files");
      }
      long done = 0;
      int entries = 0;
      for (ZipEntry entry : Collections.list(zip.entries())) {
        progress.at("unpacking", entries++, zip.size());
        if (!PackageFolder.isRelativeName(entry.getName())) {
          throw refused(
              "the archive's entry \"" + entry.getName() + "\" leads out of it",
              "zip the avatar's folder anew");
        }
        if (!entry.isDirectory()) {
          done += unpack(zip, entry, into, most - done);
        }
        if (done > most) {
          throw refused(
              "the archive of "
                  + archiveBytes
                  + " bytes unpacks to more than "
                  + most
                  + ", which no avatar does",
              "leave out what is not the avatar's");
        }
      }
    }
  }

  private static ZipFile open(Path archive) {
    try {
      return new ZipFile(archive.toFile());
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.AVATAR,
          "what was sent is no whole zip archive: " + e.getMessage(),
          "zip the avatar's folder and send the file as it is",
          e);
    }
  }

  /** Unpacks one entry until the end or just beyond the limit; sizes in the archive may lie. */
  private static long unpack(ZipFile zip, ZipEntry entry, Path into, long limit)
      throws IOException {
    Path target = into.resolve(entry.getName()).normalize();
    Files.createDirectories(target.resolveSibling(""));
    byte[] buffer = new byte[BUFFER_BYTES];
    long copied = 0;
    try (InputStream in = zip.getInputStream(entry);
        OutputStream out = Files.newOutputStream(target)) {
      for (int read = in.read(buffer); read >= 0 && copied <= limit; read = in.read(buffer)) {
        out.write(buffer, 0, read);
        copied += read;
      }
    } catch (ZipException e) {
      throw new LipstreamException(
          LipstreamException.Kind.AVATAR,
          "the archive's entry \"" + entry.getName() + "\" is damaged: " + e.getMessage(),
          "zip the avatar's folder anew",
          e);
    }
    return copied;
  }

  /** Removes an avatar's folder with everything in it. */
  public static void remove(Path folder) {
    PackageArchive.delete(folder);
  }

  private static LipstreamException refused(String message, String hint) {
    return new LipstreamException(LipstreamException.Kind.AVATAR, message, hint);
  }
}
