package io.lipstream.media.audio;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Writes a NumPy array of float32, [rows][columns], row by row without knowing how many will come.
 *
 * <p>The array grows in a file beside the target and takes its name when {@link #finish} has put
 * the row count into the header; without finish, {@link #close} deletes it. One owner. Format:
 * numpy.lib.format, version 1.0.
 */
public final class NpyFile implements AutoCloseable {
  /** Room for any row count; a multiple of 64, as the format asks. */
  private static final int HEADER_BYTES = 128;

  private static final int BUFFER_BYTES = 1 << 16;

  private final Path target;
  private final Path partial;
  private final int columns;
  private final FileChannel channel;
  private final ByteBuffer buffer;
  private long rows;
  private boolean open = true;

  private NpyFile(Path target, Path partial, int columns, FileChannel channel) {
    this.target = target;
    this.partial = partial;
    this.columns = columns;
    this.channel = channel;
    this.buffer =
        ByteBuffer.allocateDirect(Math.max(BUFFER_BYTES, columns * Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Starts an array of no rows yet.
   *
   * @throws LipstreamException OUTPUT if the file cannot be written there
   */
  public static NpyFile create(Path target, int columns) {
    if (columns < 1) {
      throw new IllegalArgumentException("columns must be at least 1, not " + columns);
    }
    if (Files.isDirectory(target)) {
      throw new LipstreamException(
          LipstreamException.Kind.OUTPUT,
          "cannot write " + target + ": it is a folder",
          "name a file, such as " + target.resolve("mel.npy"));
    }
    Path partial = target.resolveSibling(target.getFileName() + ".part");
    try {
      FileChannel channel =
          FileChannel.open(
              partial,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE);
      channel.position(HEADER_BYTES);
      return new NpyFile(target, partial, columns, channel);
    } catch (IOException e) {
      throw failure(target, e);
    }
  }

  /** Adds a row; the array may be longer than a row. */
  public void write(float[] row) {
    requireOpen();
    if (buffer.remaining() < columns * Float.BYTES) {
      drain();
    }
    for (int i = 0; i < columns; i++) {
      buffer.putFloat(row[i]);
    }
    rows++;
  }

  /** Completes the array and gives it its name, over any file of that name. */
  public void finish() {
    requireOpen();
    drain();
    try {
      channel.write(header(), 0);
      channel.close();
      Files.move(partial, target, StandardCopyOption.REPLACE_EXISTING);
      open = false;
    } catch (IOException e) {
      throw failure(target, e);
    }
  }

  private void requireOpen() {
    if (!open) {
      throw new IllegalStateException(target + " is finished or closed");
    }
  }

  private void drain() {
    buffer.flip();
    try {
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    } catch (IOException e) {
      throw failure(target, e);
    }
    buffer.clear();
  }

  private ByteBuffer header() {
    String shape =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + rows + ", " + columns + "), }";
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    header.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
    header.put((byte) 1).put((byte) 0);
    header.putShort((short) (HEADER_BYTES - header.position() - Short.BYTES));
    header.put(shape.getBytes(StandardCharsets.US_ASCII));
    while (header.remaining() > 1) {
      header.put((byte) ' ');
    }
    return header.put((byte) '\n').flip();
  }

  private static LipstreamException failure(Path target, IOException cause) {
    return switch (cause) {
      case NoSuchFileException missing ->
          failure(
              target,
              "its folder does not exist",
              "mkdir -p " + target.toAbsolutePath().getParent(),
              missing);
      case AccessDeniedException denied ->
          failure(target, "no permission", "choose a folder you may write to", denied);
      default ->
          failure(
              target,
              String.valueOf(cause.getMessage()),
              "is there space left on that disk?",
              cause);
    };
  }

  private static LipstreamException failure(
      Path target, String reason, String hint, IOException cause) {
    return new LipstreamException(
        LipstreamException.Kind.OUTPUT, "cannot write " + target + ": " + reason, hint, cause);
  }

  /** Throws an unfinished array away. */
  @Override
  public void close() {
    if (!open) {
      return;
    }
    open = false;
    try {
      channel.close();
      Files.deleteIfExists(partial);
    } catch (IOException e) {
      throw failure(target, e);
    }
  }
}
