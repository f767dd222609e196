package io.lipstream.inference;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import io.lipstream.inference.Network.BoundTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Native memory of one tensor for a number of frames, read and written as float whatever the
 * network's own type is. The arena owns the memory.
 */
final class TensorBuffer {
  /** Cache lines, and the widest vector registers. */
  private static final long ALIGNMENT_BYTES = 64;

  private static final int HALF_CHUNK = 1024;

  private final String name;
  private final List<Long> frameShape;
  private final int frameFloats;
  private final boolean half;
  private final MemorySegment memory;
  private final short[] halves;

  TensorBuffer(Arena arena, BoundTensor bound, int frames) {
    name = bound.tensor().name();
    frameShape = bound.role().frameShape();
    frameFloats = bound.role().frameFloats();
    half = bound.tensor().isHalf();
    memory = arena.allocate(frames * frameBytes(), ALIGNMENT_BYTES);
    halves = new short[half ? HALF_CHUNK : 0];
  }

  String name() {
    return name;
  }

  int frameFloats() {
    return frameFloats;
  }

  /** A tensor over the first frames of this memory; the caller closes it. */
  OnnxTensor tensorOf(int frames) throws OrtException {
    return OnnxTensor.createTensor(
        OnnxRuntime.environment(),
        memory.asSlice(0, frames * frameBytes()).asByteBuffer().order(ByteOrder.nativeOrder()),
        LongStream.concat(LongStream.of(frames), frameShape.stream().mapToLong(Long::longValue))
            .toArray(),
        half ? OnnxJavaType.FLOAT16 : OnnxJavaType.FLOAT);
  }

  /** Writes floats at an offset counted in floats. */
  void put(long floatOffset, float[] source, int from, int count) {
    if (!half) {
      MemorySegment.copy(source, from, memory, JAVA_FLOAT, floatOffset * Float.BYTES, count);
      return;
    }
    for (int done = 0; done < count; done += HALF_CHUNK) {
      int chunk = Math.min(HALF_CHUNK, count - done);
      for (int i = 0; i < chunk; i++) {
        halves[i] = Float.floatToFloat16(source[from + done + i]);
      }
      MemorySegment.copy(halves, 0, memory, JAVA_SHORT, (floatOffset + done) * Short.BYTES, chunk);
    }
  }

  /** Reads floats from an offset counted in floats. */
  void get(long floatOffset, float[] target, int from, int count) {
    if (!half) {
      MemorySegment.copy(memory, JAVA_FLOAT, floatOffset * Float.BYTES, target, from, count);
      return;
    }
    for (int done = 0; done < count; done += HALF_CHUNK) {
      int chunk = Math.min(HALF_CHUNK, count - done);
      MemorySegment.copy(memory, JAVA_SHORT, (floatOffset + done) * Short.BYTES, halves, 0, chunk);
      for (int i = 0; i < chunk; i++) {
        target[from + done + i] = Float.float16ToFloat(halves[i]);
      }
    }
  }

  private long frameBytes() {
    return (long) frameFloats * (half ? Short.BYTES : Float.BYTES);
  }
}
