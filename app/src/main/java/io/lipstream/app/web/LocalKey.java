package io.lipstream.app.web;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;

/**
 * The key that a server makes for itself at its first start, in a file that only its user reads.
 *
 * @param made whether it was made just now
 */
public record LocalKey(String value, Path file, boolean made) {
  private static final String NAME = "api-key";
  private static final int BYTES = 24;

  /**
   * Reads it, or makes it.
   *
   * @throws LipstreamException if the folder cannot be used or others can read the file
   */
  public static LocalKey in(Path folder) {
    Path file = folder.resolve(NAME);
    try {
      Files.createDirectories(folder);
      byte[] random = new byte[BYTES];
      new SecureRandom().nextBytes(random);
      String fresh = HexFormat.of().formatHex(random);
      try (var out =
          Files.newByteChannel(
              file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), onlyOwner())) {
        out.write(ByteBuffer.wrap((fresh + "\n").getBytes(StandardCharsets.US_ASCII)));
        return new LocalKey(fresh, file, true);
      } catch (FileAlreadyExistsException e) {
        return new LocalKey(read(file), file, false);
      }
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "the server's key " + file + " cannot be kept: " + e,
          "give another folder with api.data_folder, or set api.auth: false",
          e);
    }
  }

  private static FileAttribute<?>[] onlyOwner() {
    boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    return posix
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  private static String read(Path file) throws IOException {
    String value = Files.readString(file).strip();
    if (!value.matches("[\\x21-\\x7e]{16,256}")) {
      throw new LipstreamException(
          LipstreamException.Kind.CONFIGURATION,
          file + " holds no key of at least 16 characters",
          "delete the file and a new one is made");
    }
    boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    if (posix
        && Files.getPosixFilePermissions(file).stream()
            .anyMatch(each -> !each.name().startsWith("OWNER"))) {
      throw new LipstreamException(
          LipstreamException.Kind.CONFIGURATION,
          "others may read the server's key " + file,
          "delete the file and a new one is made, or chmod 600 it");
    }
    return value;
  }
}
