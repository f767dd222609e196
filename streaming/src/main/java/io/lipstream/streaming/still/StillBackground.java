package io.lipstream.streaming.still;

import java.util.Arrays;

/**
 * An encoded picture that others are written over: the file, and where in it each part lies that
 * can be decoded by itself. Immutable, so that all who show the same background share it.
 */
public final class StillBackground {
  final Object maker;
  final byte[] data;

  /** Where each part begins; the last entry is where the last part ends. */
  final int[] partStarts;

  /** What PNG must know of each part besides its bytes; empty for JPEG. */
  final int[] partSums;

  /** Takes the arrays as its own, a copy of the picture. */
  StillBackground(Object maker, StillPicture picture, int[] partStarts, int[] partSums) {
    this.maker = maker;
    data = Arrays.copyOf(picture.data(), picture.length());
    this.partStarts = partStarts;
    this.partSums = partSums;
  }

  /** The whole file; nobody writes to it. */
  public byte[] data() {
    return data;
  }

  /** About what it takes in memory. */
  public long byteCount() {
    return data.length + (long) Integer.BYTES * (partStarts.length + partSums.length) + 100;
  }
}
