package io.lipstream.app.load;

import java.util.Arrays;

/** A list of long numbers that grows; guarded by whoever owns it. */
final class Moments {
  private long[] values = new long[256];
  private int size;

  void add(long value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, 2 * size);
    }
    values[size++] = value;
  }

  int size() {
    return size;
  }

  long[] copy() {
    return Arrays.copyOf(values, size);
  }
}
