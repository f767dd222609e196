package io.lipstream.inference;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Reads the pictures that a generator drew, planes B, G, R.
 *
 * <p>Immutable; the caller lends the piece that it converts in.
 */
public final class PictureTensor {
  private static final int CHANNELS = 3;

  /** Bits of a float without its sign from which on it is infinite or not a number. */
  private static final int NOT_FINITE = 0x7f800000;

  /** A piece that stays in the first-level cache. */
  private static final int CHUNK = 2048;

  private static final VarHandle FLOAT =
      MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  private final int planeFloats;
  private final ChannelOrder channelOrder;
  private final float black;
  private final float scale;
  private final float byteScale;

  /** How a value of the picture is written. */
  public enum Values {
    /** Bytes trunc(255 v), clamped. */
    UINT8(1),
    /** 0 for black to 1, little-endian, not clamped. */
    FLOAT16(2),
    /** 0 for black to 1, little-endian, not clamped. */
    FLOAT32(4);

    private final int bytes;

    Values(int bytes) {
      this.bytes = bytes;
    }

    public int bytes() {
      return bytes;
    }
  }

  /** What a thread needs to convert pieces. */
  public static final class Piece {
    private final float[] values = new float[CHUNK];
    private final int[] levels = new int[CHUNK];
  }

  public PictureTensor(GeneratorSpec spec) {
    planeFloats = spec.roiPx() * spec.roiPx();
    channelOrder = spec.channelOrder();
    black = spec.valueRange().black();
    scale = 1 / (spec.valueRange().white() - black);
    byteScale = 255f / (spec.valueRange().white() - black);
  }

  /**
   * Reads one frame to a place in an array.
   *
   * @return whether every value was a number; if not, the picture is incomplete
   */
  public boolean read(
      TensorSlot source, Values wanted, byte[] target, int targetOffset, Piece piece) {
    for (int channel = 0; channel < CHANNELS; channel++) {
      int plane = channelOrder.planeOf(channel) * planeFloats;
      int targetPlane = targetOffset + channel * planeFloats * wanted.bytes();
      for (int done = 0; done < planeFloats; done += CHUNK) {
        int count = Math.min(CHUNK, planeFloats - done);
        source.get(plane + done, piece.values, 0, count);
        if (!allFinite(piece.values, count)) {
          return false;
        }
        int offset = targetPlane + done * wanted.bytes();
        switch (wanted) {
          case UINT8 -> toBytes(piece, count, target, offset);
          case FLOAT16 -> toHalves(piece.values, count, target, offset);
          case FLOAT32 -> toFloats(piece.values, count, target, offset);
        }
      }
    }
    return true;
  }

  private static boolean allFinite(float[] values, int count) {
    for (int i = 0; i < count; i++) {
      if ((Float.floatToRawIntBits(values[i]) & Integer.MAX_VALUE) >= NOT_FINITE) {
        return false;
      }
    }
    return true;
  }

  /** In two loops: the first one is compiled to vector instructions, halving the time. */
  private void toBytes(Piece piece, int count, byte[] target, int targetOffset) {
    float[] values = piece.values;
    int[] levels = piece.levels;
    for (int i = 0; i < count; i++) {
      int level = (int) ((values[i] - black) * byteScale);
      levels[i] = Math.min(Math.max(level, 0), 255);
    }
    for (int i = 0; i < count; i++) {
      target[targetOffset + i] = (byte) levels[i];
    }
  }

  private void toHalves(float[] values, int count, byte[] target, int targetOffset) {
    for (int i = 0; i < count; i++) {
      short half = Float.floatToFloat16((values[i] - black) * scale);
      SHORT.set(target, targetOffset + i * Short.BYTES, half);
    }
  }

  private void toFloats(float[] values, int count, byte[] target, int targetOffset) {
    for (int i = 0; i < count; i++) {
      FLOAT.set(target, targetOffset + i * Float.BYTES, (values[i] - black) * scale);
    }
  }
}
