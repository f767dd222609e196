package io.lipstream.media.avatar;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Enumeration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * A zipped avatar package.
 *
 * <p>FFmpeg and ONNX Runtime want real files, so the archive is unpacked into a temporary folder
 * that only this user can read, has a random name and goes away with {@link #close()} or, at the
 * latest, with the process. A link in the archive becomes a file holding the link's text, so links
 * lead nowhere.
 */
final class PackageArchive implements AutoCloseable {
  static final long MAX_UNPACKED_BYTES = 8L << 30;
  private static final int MAX_ENTRIES = 200_000;
  private static final int MAX_MANIFEST_BYTES = 1 << 20;

  private final Path folder;
  private final Thread atExit;

  private PackageArchive(Path folder) {
    this.folder = folder;
    this.atExit = new Thread(() -> delete(folder), "avatar-archive-cleanup");
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /** Reads only the manifest, as a catalogue needs it. */
  static AvatarManifest manifest(Path archive) {
    String label = archive.toString();
    try (ZipFile zip = new ZipFile(archive.toFile())) {
      String name = base(zip, label) + AvatarPackage.MANIFEST_FILE;
      try (InputStream in = zip.getInputStream(zip.getEntry(name))) {
        byte[] yaml = in.readNBytes(MAX_MANIFEST_BYTES);
        return ManifestFormat.read(
            new String(yaml, StandardCharsets.UTF_8), label + "/" + AvatarPackage.MANIFEST_FILE);
      }
    } catch (IOException e) {
      throw unreadable(label, e);
    }
  }

  static PackageArchive unpack(Path archive, long maxBytes) {
    String label = archive.toString();
    try (ZipFile zip = new ZipFile(archive.toFile())) {
      String base = base(zip, label);
      if (zip.size() > MAX_ENTRIES) {
        throw failure(label, "holds " + zip.size() + " entries", "unpack it by hand and look");
      }
      // Made with mode 700 where the file system knows modes.
      PackageArchive unpacked = new PackageArchive(Files.createTempDirectory("lipstream-avatar-"));
      try {
        unpacked.fill(zip, base, maxBytes, label);
        return unpacked;
      } catch (IOException | RuntimeException e) {
        unpacked.close();
        throw e;
      }
    } catch (IOException e) {
      throw unreadable(label, e);
    }
  }

  /** The folder holding avatar.yaml. */
  Path folder() {
    return folder;
  }

  private void fill(ZipFile zip, String base, long maxBytes, String label) throws IOException {
    long bytesLeft = maxBytes;
    Enumeration<? extends ZipEntry> entries = zip.entries();
    while (entries.hasMoreElements()) {
      ZipEntry entry = entries.nextElement();
      String name = entry.getName();
      if (!PackageFolder.isRelativeName(name)) {
        throw failure(
            label, "its entry " + name + " points outside the package", "do not use this file");
      }
      if (entry.isDirectory() || !name.startsWith(base)) {
        continue;
      }
      Path target = folder.resolve(name.substring(base.length())).normalize();
      Files.createDirectories(target.getParent());
      try (InputStream in = zip.getInputStream(entry);
          OutputStream out = Files.newOutputStream(target)) {
        bytesLeft -= copy(in, out, bytesLeft);
      }
      if (bytesLeft < 0) {
        throw failure(
            label,
            "unpacks to more than " + (maxBytes >> 20) + " MiB",
            "unpack it by hand and open the folder if you trust it");
      }
    }
  }

  /** Copies until the end or just beyond the limit; entry sizes in the archive may lie. */
  private static long copy(InputStream in, OutputStream out, long limit) throws IOException {
    byte[] buffer = new byte[1 << 16];
    long copied = 0;
    int read;
    while (copied <= limit && (read = in.read(buffer)) >= 0) {
      out.write(buffer, 0, read);
      copied += read;
    }
    return copied;
  }

  /** What stands before avatar.yaml: nothing, or the one folder that was zipped. */
  private static String base(ZipFile zip, String label) {
    if (zip.getEntry(AvatarPackage.MANIFEST_FILE) != null) {
      return "";
    }
    List<String> bases =
        zip.stream()
            .map(ZipEntry::getName)
            .filter(name -> name.matches("[^/]+/" + AvatarPackage.MANIFEST_FILE))
            .map(name -> name.substring(0, name.indexOf('/') + 1))
            .toList();
    Optional<String> only = bases.size() == 1 ? Optional.of(bases.getFirst()) : Optional.empty();
    return only.orElseThrow(
        () ->
            failure(
                label,
                bases.isEmpty() ? "holds no avatar.yaml" : "holds several avatars",
                "zip the contents of one avatar's folder"));
  }

  private static LipstreamException failure(String label, String what, String hint) {
    return new LipstreamException(
        LipstreamException.Kind.AVATAR, "avatar " + label + ": " + what, hint);
  }

  private static LipstreamException unreadable(String label, IOException e) {
    return new LipstreamException(
        LipstreamException.Kind.AVATAR,
        "avatar " + label + ": cannot be unpacked: " + e.getMessage(),
        "check that it is a whole .zip file and that the temporary folder has room",
        e);
  }

  @Override
  public void close() {
    delete(folder);
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The process is ending, and the hook with it.
    }
  }

  /** Deletes a folder with everything in it, links themselves and not what they lead to. */
  static void delete(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(folder)) {
      paths.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException | UncheckedIOException e) {
      // What cannot be deleted lies in the temporary folder, which the system empties.
    }
  }
}
