package io.lipstream.inference.server;

import com.google.protobuf.ByteString;
import io.lipstream.inference.TensorSlot;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Little-endian floats of a message, copied from where they were received straight into tensors.
 *
 * <p>Immutable. The bytes may lie in several pieces, cut anywhere, inside a float too.
 */
final class FloatBytes {
  private final List<ByteBuffer> pieces;
  private final int floats;

  FloatBytes(ByteString bytes) {
    pieces = bytes.asReadOnlyByteBufferList();
    floats = bytes.size() / Float.BYTES;
  }

  int floats() {
    return floats;
  }

  /** Copies count floats from the given one on to the start of a tensor's slot. */
  void copyTo(TensorSlot slot, int firstFloat, int count) {
    int skip = firstFloat * Float.BYTES;
    int done = 0;
    ByteBuffer split = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (ByteBuffer piece : pieces) {
      int at = piece.position();
      int left = piece.remaining();
      if (skip >= left) {
        skip -= left;
        continue;
      }
      at += skip;
      left -= skip;
      skip = 0;
      while (split.position() > 0 && left > 0 && done < count) {
        split.put(piece.get(at++));
        left--;
        if (!split.hasRemaining()) {
          split.flip();
          slot.put(done++, split.asFloatBuffer(), 1);
          split.clear();
        }
      }
      int whole = Math.min(left / Float.BYTES, count - done);
      if (whole > 0) {
        slot.put(
            done,
            piece.slice(at, whole * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer(),
            whole);
        done += whole;
        at += whole * Float.BYTES;
        left -= whole * Float.BYTES;
      }
      if (done == count) {
        return;
      }
      while (left-- > 0) {
        split.put(piece.get(at++));
      }
    }
    throw new IndexOutOfBoundsException(
        count
            + " floats from "
            + firstFloat
            + " of "
            + floats
            + ": "
            + (count - done)
            + " missing");
  }

  /** Copies all floats into an array. */
  static void copy(ByteString bytes, float[] target, int offset) {
    int floats = bytes.size() / Float.BYTES;
    bytes
        .asReadOnlyByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(target, offset, floats);
  }
}
