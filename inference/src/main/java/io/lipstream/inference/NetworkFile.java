package io.lipstream.inference;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * One ONNX file and what is said when something is wrong with it.
 *
 * @param owner which network of which avatar, such as "the generator of avatar ada"
 */
public record NetworkFile(String owner, Path path) {
  /** Protobuf cannot hold more than 2 GiB; a network of this family has 2 to 50 MB. */
  public static final int MAX_BYTES = 1 << 30;

  private static final String LFS_POINTER = "version https://git-lfs";

  /**
   * Reads the file into native memory, which the arena owns: on the heap, megabytes a load would
   * make the collector stop the frames of other models. Not mapped either, as a file cut short
   * later would crash the process.
   *
   * @param maxBytes a larger file is refused
   */
  ByteBuffer read(Arena arena, long maxBytes) {
    if (Files.isDirectory(path)) {
      throw failure("is a folder: " + path, "Name the .onnx file itself");
    }
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      // A pipe could keep the loader waiting for ever.
      throw failure("is no regular file: " + path, "Name the .onnx file itself");
    }
    ByteBuffer bytes;
    try (FileChannel file = FileChannel.open(path)) {
      long size = file.size();
      if (size > maxBytes) {
        throw failure(
            "is larger than " + (maxBytes >> 20) + " MiB: " + path,
            "Networks of this family have 2 to 50 MB; is this the right file?");
      }
      bytes = arena.allocate(size).asByteBuffer();
      while (bytes.hasRemaining() && file.read(bytes) >= 0) {}
    } catch (NoSuchFileException e) {
      throw failure(
          "is missing: there is no file " + path,
          "Put the network there, or correct its path in the avatar's manifest");
    } catch (IOException e) {
      throw failure("cannot be read from " + path + ": " + e, "Check the file's permissions");
    }
    bytes.flip();
    if (!bytes.hasRemaining()) {
      throw failure("is an empty file: " + path, "Copy it again");
    }
    if (startsWith(bytes, LFS_POINTER)) {
      throw failure("is only a Git LFS pointer: " + path, "Run `git lfs pull`");
    }
    return bytes;
  }

  OnnxFacts facts(ByteBuffer model) {
    OnnxFacts facts;
    try {
      facts = OnnxFacts.read(model);
    } catch (IOException e) {
      throw failure(
          "is not an ONNX file: " + path + " (" + e.getMessage() + ")",
          "Copy it again if it was cut short; a PyTorch checkpoint must be exported to ONNX first");
    }
    if (!facts.externalTensors().isEmpty()) {
      throw failure(
          "keeps weights outside its file " + path + ": " + facts.externalTensors().getFirst(),
          "Save it as one file: onnx.save(model, path, save_as_external_data=False)");
    }
    return facts;
  }

  /** A failure of this network. The message begins with its owner. */
  LipstreamException failure(String whatIsWrong, String hint) {
    return new LipstreamException(LipstreamException.Kind.AVATAR, owner + " " + whatIsWrong, hint);
  }

  LipstreamException failure(String whatIsWrong, String hint, Throwable cause) {
    return new LipstreamException(
        LipstreamException.Kind.AVATAR, owner + " " + whatIsWrong, hint, cause);
  }

  private static boolean startsWith(ByteBuffer bytes, String ascii) {
    ByteBuffer wanted = StandardCharsets.ISO_8859_1.encode(ascii);
    int length = wanted.remaining();
    return bytes.remaining() >= length && bytes.slice(0, length).equals(wanted);
  }
}
