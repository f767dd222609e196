package io.lipstream.inference.oip;

import io.lipstream.inference.TensorSlot;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Objects;

/**
 * A tensor's values as they travel: rows of one frame each, little-endian, FP32 or FP16.
 *
 * <p>Looks into the caller's memory and copies nothing but rows; several threads may, each its own.
 */
final class WireTensor {
  /** Halves that are converted at once; a piece that stays in the first-level cache. */
  private static final int CHUNK = 2048;

  private final ByteBuffer values;
  private final Datatype datatype;
  private final int rowFloats;

  WireTensor(ByteBuffer values, Datatype datatype, int rowFloats) {
    this.values = values.slice().order(ByteOrder.LITTLE_ENDIAN);
    this.datatype = datatype;
    this.rowFloats = rowFloats;
  }

  /** Copies a row into a tensor's memory. */
  void copyTo(TensorSlot slot, int row) {
    if (datatype == Datatype.FP32) {
      slot.put(0, values(row, 0), rowFloats);
      return;
    }
    float[] chunk = new float[Math.min(CHUNK, rowFloats)];
    for (int done = 0; done < rowFloats; done += chunk.length) {
      int count = Math.min(chunk.length, rowFloats - done);
      get(row, done, chunk, 0, count);
      slot.put(done, chunk, 0, count);
    }
  }

  /** Fills a row from a tensor's memory. */
  void copyFrom(TensorSlot slot, int row) {
    if (datatype == Datatype.FP32) {
      slot.get(0, values(row, 0), rowFloats);
      return;
    }
    float[] chunk = new float[Math.min(CHUNK, rowFloats)];
    for (int done = 0; done < rowFloats; done += chunk.length) {
      int count = Math.min(chunk.length, rowFloats - done);
      slot.get(done, chunk, 0, count);
      put(row, done, chunk, 0, count);
    }
  }

  /** A row as a frame sees it. */
  TensorSlot slot(int row) {
    return new Row(row);
  }

  private int byteOffset(int row, int offset) {
    return (row * rowFloats + offset) * datatype.bytes();
  }

  private FloatBuffer values(int row, int offset) {
    int from = byteOffset(row, offset);
    return values
        .slice(from, byteOffset(row + 1, 0) - from)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer();
  }

  private void put(int row, int offset, float[] source, int from, int count) {
    if (datatype == Datatype.FP32) {
      values(row, offset).put(source, from, count);
      return;
    }
    int at = byteOffset(row, offset);
    for (int i = 0; i < count; i++) {
      values.putShort(at + i * Short.BYTES, Float.floatToFloat16(source[from + i]));
    }
  }

  private void get(int row, int offset, float[] target, int from, int count) {
    if (datatype == Datatype.FP32) {
      values(row, offset).get(target, from, count);
      return;
    }
    int at = byteOffset(row, offset);
    for (int i = 0; i < count; i++) {
      target[from + i] = Float.float16ToFloat(values.getShort(at + i * Short.BYTES));
    }
  }

  /** Checked against its own length: a frame that writes too much must not reach its neighbour. */
  private final class Row implements TensorSlot {
    private final int row;

    Row(int row) {
      this.row = row;
    }

    @Override
    public int floats() {
      return rowFloats;
    }

    @Override
    public void put(int offset, float[] source, int from, int count) {
      Objects.checkFromIndexSize(offset, count, rowFloats);
      WireTensor.this.put(row, offset, source, from, count);
    }

    @Override
    public void put(int offset, FloatBuffer source, int count) {
      Objects.checkFromIndexSize(offset, count, rowFloats);
      if (datatype == Datatype.FP32) {
        FloatBuffer piece = source.slice(source.position(), count);
        values(row, offset).put(piece);
        source.position(source.position() + count);
        return;
      }
      int at = byteOffset(row, offset);
      for (int i = 0; i < count; i++) {
        values.putShort(at + i * Short.BYTES, Float.floatToFloat16(source.get()));
      }
    }

    @Override
    public void get(int offset, float[] target, int from, int count) {
      Objects.checkFromIndexSize(offset, count, rowFloats);
      WireTensor.this.get(row, offset, target, from, count);
    }

    @Override
    public void get(int offset, FloatBuffer target, int count) {
      Objects.checkFromIndexSize(offset, count, rowFloats);
      if (datatype == Datatype.FP32) {
        target.put(values(row, offset).slice(0, count));
        return;
      }
      int at = byteOffset(row, offset);
      for (int i = 0; i < count; i++) {
        target.put(Float.float16ToFloat(values.getShort(at + i * Short.BYTES)));
      }
    }
  }
}
