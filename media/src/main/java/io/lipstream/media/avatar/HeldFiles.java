package io.lipstream.media.avatar;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Files in memory, for whoever must not wait for a disk later; others are read when they are
 * wanted. Thread-safe.
 */
final class HeldFiles {
  private static final int MAX_FILE_BYTES = 256 << 20;

  private final Map<Path, byte[]> held = new ConcurrentHashMap<>();

  /** What files take, as far as they can be read. */
  static long byteCount(Collection<Path> files) {
    return files.stream().mapToLong(file -> file.toFile().length()).sum();
  }

  /** Reads a file; what cannot be read fails when it is wanted, and is named then. */
  void hold(Path file) {
    try {
      held.put(file, read(file));
    } catch (IOException e) {
      held.remove(file);
    }
  }

  /** Forgets a file that nobody will want again. */
  void release(Path file) {
    held.remove(file);
  }

  byte[] bytes(Path file) throws IOException {
    byte[] known = held.get(file);
    return known == null ? read(file) : known;
  }

  /** Reads a file that is to be a picture. */
  static byte[] read(Path file) throws IOException {
    if (Files.size(file) > MAX_FILE_BYTES) {
      throw new IOException("larger than any picture");
    }
    return Files.readAllBytes(file);
  }
}
