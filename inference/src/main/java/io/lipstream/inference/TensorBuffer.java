package io.lipstream.inference;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import io.lipstream.inference.Network.BoundTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.List;
import java.util.stream.IntStream;
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
  private final FloatBuffer floats;
  private final ShortBuffer shorts;
  private final short[] halves;
  private final List<TensorSlot> slots;

  TensorBuffer(Arena arena, BoundTensor bound, int frames) {
    name = bound.tensor().name();
    frameShape = bound.role().frameShape();
    frameFloats = bound.role().frameFloats();
    half = bound.tensor().isHalf();
    memory = arena.allocate(frames * bound.frameBytes(), ALIGNMENT_BYTES);
    ByteBuffer bytes = memory.asByteBuffer().order(ByteOrder.nativeOrder());
    floats = bytes.asFloatBuffer();
    shorts = bytes.asShortBuffer();
    halves = new short[half ? HALF_CHUNK : 0];
    slots = IntStream.range(0, frames).<TensorSlot>mapToObj(Slot::new).toList();
  }

  String name() {
    return name;
  }

  /** One frame's part of the memory. */
  TensorSlot slot(int frame) {
    return slots.get(frame);
  }

  /** A tensor over the first frames of this memory; the caller closes it. */
  OnnxTensor tensorOf(int frames) throws OrtException {
    long bytes = (long) frames * frameFloats * (half ? Short.BYTES : Float.BYTES);
    return OnnxTensor.createTensor(
        OnnxRuntime.environment(),
        memory.asSlice(0, bytes).asByteBuffer().order(ByteOrder.nativeOrder()),
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

  /** One frame's floats. */
  private final class Slot implements TensorSlot {
    private final int first;

    Slot(int frame) {
      first = Math.multiplyExact(frame, frameFloats);
    }

    @Override
    public int floats() {
      return frameFloats;
    }

    @Override
    public void put(int offset, float[] source, int from, int count) {
      requireInside(offset, count);
      TensorBuffer.this.put((long) first + offset, source, from, count);
    }

    @Override
    public void put(int offset, FloatBuffer source, int count) {
      requireInside(offset, count);
      int from = source.position();
      if (!half) {
        floats.put(first + offset, source, from, count);
        return;
      }
      for (int i = 0; i < count; i++) {
        shorts.put(first + offset + i, Float.floatToFloat16(source.get(from + i)));
      }
    }

    @Override
    public void get(int offset, float[] target, int from, int count) {
      requireInside(offset, count);
      TensorBuffer.this.get((long) first + offset, target, from, count);
    }

    @Override
    public void get(int offset, FloatBuffer target, int count) {
      requireInside(offset, count);
      int from = target.position();
      if (!half) {
        target.put(from, floats, first + offset, count);
        return;
      }
      for (int i = 0; i < count; i++) {
        target.put(from + i, Float.float16ToFloat(shorts.get(first + offset + i)));
      }
    }

    /** Another frame's values must stay out of reach. */
    private void requireInside(int offset, int count) {
      if (offset < 0 || count < 0 || offset > frameFloats - count) {
        throw new IndexOutOfBoundsException(
            count + " values at " + offset + " of " + frameFloats + " of tensor " + name);
      }
    }
  }
}
