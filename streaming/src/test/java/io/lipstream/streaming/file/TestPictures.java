package io.lipstream.streaming.file;

import io.lipstream.media.picture.I420Frame;
import java.util.Random;

/** Pictures that carry their number as 16 dark or bright bars along the top edge. */
public final class TestPictures {
  private static final int BITS = 16;
  private static final int BAR_HEIGHT_PX = 16;
  private static final int DARK = 40;
  private static final int BRIGHT = 200;

  private final I420Frame frame;
  private final Random noise;

  public TestPictures(int widthPx, int heightPx, long seed) {
    frame = new I420Frame(widthPx, heightPx);
    noise = new Random(seed);
  }

  /** A grey picture with grain; the same object each time. */
  public I420Frame picture(int number, int grey) {
    return picture(number, grey, 3);
  }

  /** A picture with grain of the given strength; 100 and more defies any compression. */
  public I420Frame picture(int number, int grey, int grain) {
    byte[] data = frame.data();
    int width = frame.widthPx();
    for (int i = 0; i < frame.uOffset(); i++) {
      data[i] = (byte) Math.clamp(grey + noise.nextInt(grain * 2 + 1) - grain, 16, 235);
    }
    for (int i = frame.uOffset(); i < data.length; i++) {
      data[i] = (byte) 128;
    }
    for (int x = 0; x < width; x++) {
      boolean bright = (number >> (x * BITS / width) & 1) != 0;
      for (int y = 0; y < BAR_HEIGHT_PX; y++) {
        data[y * width + x] = (byte) (bright ? BRIGHT : DARK);
      }
    }
    return frame;
  }

  public static int readNumber(byte[] luma, int strideBytes, int widthPx) {
    int number = 0;
    for (int bit = 0; bit < BITS; bit++) {
      int x = (2 * bit + 1) * widthPx / (2 * BITS);
      int value = luma[BAR_HEIGHT_PX / 2 * strideBytes + x] & 0xff;
      number |= value > (DARK + BRIGHT) / 2 ? 1 << bit : 0;
    }
    return number;
  }

  /** The mean below the bars. */
  public static int meanLuma(byte[] luma, int strideBytes, int widthPx, int heightPx) {
    long sum = 0;
    for (int y = BAR_HEIGHT_PX * 2; y < heightPx; y++) {
      for (int x = 0; x < widthPx; x++) {
        sum += luma[y * strideBytes + x] & 0xff;
      }
    }
    return (int) (sum / ((long) (heightPx - BAR_HEIGHT_PX * 2) * widthPx));
  }
}
