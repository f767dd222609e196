package io.lipstream.streaming.still;

import io.lipstream.media.picture.I420Frame;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Stretches the colours of video (Y 16-235, U and V 16-240) to the full range that JPEG files have;
 * the matrix of both is BT.601.
 *
 * <p>Two samples at once are looked up, which takes half the time of computing them.
 */
final class FullRange {
  private static final int SAMPLES = 256;
  private static final short[] LUMA = pairs(16, 219, 0);
  private static final short[] CHROMA = pairs(128, 224, 128);
  private static final VarHandle PAIR =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.nativeOrder());

  private FullRange() {}

  /** What becomes of two samples, by both together. */
  private static short[] pairs(int fixed, int steps, int becomes) {
    int[] one = new int[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
      double full = becomes + (i - fixed) * 255.0 / steps;
      one[i] = Math.clamp(Math.round(full), 0, 255);
    }
    short[] two = new short[SAMPLES * SAMPLES];
    for (int i = 0; i < two.length; i++) {
      two[i] = (short) ((one[i / SAMPLES] << Byte.SIZE) | one[i % SAMPLES]);
    }
    return two;
  }

  /** Fills a tile from its place in a picture. */
  static void cut(I420Frame from, int left, int top, I420Frame tile) {
    int width = tile.widthPx();
    for (int y = 0; y < tile.heightPx(); y++) {
      int at = (top + y) * from.widthPx() + left;
      stretch(from.data(), at, tile.data(), y * width, width, LUMA);
    }
    int stride = from.widthPx() / 2;
    for (int y = 0; y < tile.heightPx() / 2; y++) {
      int at = (top / 2 + y) * stride + left / 2;
      int to = y * width / 2;
      stretch(
          from.data(), from.uOffset() + at, tile.data(), tile.uOffset() + to, width / 2, CHROMA);
      stretch(
          from.data(), from.vOffset() + at, tile.data(), tile.vOffset() + to, width / 2, CHROMA);
    }
  }

  private static void stretch(byte[] in, int from, byte[] out, int at, int count, short[] pairs) {
    for (int i = 0; i < count - 1; i += 2) {
      PAIR.set(out, at + i, pairs[(short) PAIR.get(in, from + i) & 0xffff]);
    }
    if (count % 2 != 0) {
      out[at + count - 1] = (byte) pairs[in[from + count - 1] & 0xff];
    }
  }
}
