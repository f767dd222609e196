package io.lipstream.app.compositing;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;

/** Sound as it travels: samples of 16 bits, little-endian. */
final class Pcm16 {
  private static final float SCALE = 32_768;

  private Pcm16() {}

  /** Reads samples into the beginning of an array. */
  static void read(ByteString bytes, int byteOffset, int count, float[] samples) {
    for (int i = 0; i < count; i++) {
      int at = byteOffset + Short.BYTES * i;
      samples[i] = (short) ((bytes.byteAt(at) & 0xff) | bytes.byteAt(at + 1) << 8) / SCALE;
    }
  }

  static ByteString write(float[] samples, int offset, int count) {
    byte[] bytes = new byte[Short.BYTES * count];
    for (int i = 0; i < count; i++) {
      int value =
          Math.clamp(Math.round(samples[offset + i] * SCALE), Short.MIN_VALUE, Short.MAX_VALUE);
      bytes[2 * i] = (byte) value;
      bytes[2 * i + 1] = (byte) (value >> 8);
    }
    return UnsafeByteOperations.unsafeWrap(bytes);
  }
}
