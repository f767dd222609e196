package io.lipstream.streaming.file;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The unfinished result, hidden beside its target: {@code .hello.mp4.part-1f3a9c}. The target stays
 * as it was until {@link #commit()} renames this over it in one step.
 */
final class PartFile {
  private final Path target;
  private final Path part;

  private PartFile(Path target, Path part) {
    this.target = target;
    this.part = part;
  }

  static PartFile create(Path wanted) {
    Path target = followLink(wanted.toAbsolutePath().normalize());
    refuseUnusable(target, wanted);
    while (true) {
      String suffix = Long.toHexString(ThreadLocalRandom.current().nextLong());
      Path part = target.resolveSibling("." + target.getFileName() + ".part-" + suffix);
      try {
        Files.createFile(part);
        return new PartFile(target, part);
      } catch (FileAlreadyExistsException e) {
        // Another render drew the same number: draw again.
      } catch (AccessDeniedException e) {
        throw OutputFailure.of(wanted.toString(), "permission denied in its folder", e);
      } catch (IOException e) {
        throw OutputFailure.of(wanted.toString(), reason(e), e);
      }
    }
  }

  private static Path followLink(Path target) {
    try {
      return Files.isSymbolicLink(target) ? target.toRealPath() : target;
    } catch (IOException e) {
      return target; // A link to nowhere: the rename replaces the link.
    }
  }

  private static void refuseUnusable(Path target, Path wanted) {
    Path folder = target.getParent();
    if (folder == null || Files.isDirectory(target)) {
      throw refusal("cannot write " + wanted + ": it is a folder", "name a file, such as talk.mp4");
    }
    if (!Files.isDirectory(folder)) {
      throw refusal(
          "cannot write " + wanted + ": there is no folder " + folder,
          "create it first: mkdir -p " + folder);
    }
    if (Files.exists(target) && !Files.isRegularFile(target)) {
      throw refusal(
          "cannot write " + wanted + ": it is not an ordinary file",
          "write to standard output instead and redirect it");
    }
    if (Files.exists(target) && !Files.isWritable(target)) {
      throw refusal(
          "cannot write " + wanted + ": the existing file is write-protected",
          "choose another name or make it writable");
    }
  }

  private static LipstreamException refusal(String message, String hint) {
    return new LipstreamException(LipstreamException.Kind.OUTPUT, message, hint);
  }

  private static String reason(IOException e) {
    if (e instanceof FileSystemException f && f.getReason() != null) {
      return f.getReason();
    }
    return String.valueOf(e.getMessage());
  }

  Path path() {
    return part;
  }

  void commit() {
    try {
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw OutputFailure.of(target.toString(), reason(e), e);
    }
  }

  /** Removes what was written; does nothing once it was committed or deleted. */
  void delete() {
    try {
      Files.deleteIfExists(part);
    } catch (IOException e) {
      throw OutputFailure.of(target.toString(), "cannot remove " + part + ": " + reason(e), e);
    }
  }
}
