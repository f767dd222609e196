package io.lipstream.inference;

/**
 * Reads the pictures that a generator drew as bytes trunc(255 v), planes B, G, R.
 *
 * <p>One thread at a time: it holds the piece that it converts.
 */
final class PictureTensor {
  private static final int CHANNELS = 3;

  /** Bits of a float without its sign from which on it is infinite or not a number. */
  private static final int NOT_FINITE = 0x7f800000;

  /** A piece that stays in the first-level cache. */
  private static final int CHUNK = 2048;

  private final int planeFloats;
  private final ChannelOrder channelOrder;
  private final float black;
  private final float scale;
  private final float[] chunk = new float[CHUNK];

  PictureTensor(GeneratorSpec spec) {
    planeFloats = spec.roiPx() * spec.roiPx();
    channelOrder = spec.channelOrder();
    black = spec.valueRange().black();
    scale = 255f / (spec.valueRange().white() - black);
  }

  /**
   * Reads one frame to a place in an array.
   *
   * @return whether every value was a number
   */
  boolean read(TensorBuffer source, int frame, byte[] target, int targetOffset) {
    int largestBits = 0;
    for (int channel = 0; channel < CHANNELS; channel++) {
      long plane = (long) frame * CHANNELS + channelOrder.planeOf(channel);
      int targetPlane = targetOffset + channel * planeFloats;
      for (int done = 0; done < planeFloats; done += CHUNK) {
        int count = Math.min(CHUNK, planeFloats - done);
        source.get(plane * planeFloats + done, chunk, 0, count);
        largestBits = Math.max(largestBits, largestBits(count));
        toBytes(count, target, targetPlane + done);
      }
    }
    return largestBits < NOT_FINITE;
  }

  private int largestBits(int count) {
    int largest = 0;
    for (int i = 0; i < count; i++) {
      largest = Math.max(largest, Float.floatToRawIntBits(chunk[i]) & Integer.MAX_VALUE);
    }
    return largest;
  }

  private void toBytes(int count, byte[] target, int targetOffset) {
    for (int i = 0; i < count; i++) {
      int value = (int) ((chunk[i] - black) * scale);
      target[targetOffset + i] = (byte) Math.min(Math.max(value, 0), 255);
    }
  }
}
