package io.lipstream.media.audio;

import java.util.Arrays;

/** A growing array of samples. */
final class Floats {
  private float[] values = new float[1 << 16];
  private int size;

  void add(float[] samples, int count) {
    if (size + count > values.length) {
      values = Arrays.copyOf(values, Math.max(2 * values.length, size + count));
    }
    System.arraycopy(samples, 0, values, size, count);
    size += count;
  }

  float[] array() {
    return Arrays.copyOf(values, size);
  }
}
