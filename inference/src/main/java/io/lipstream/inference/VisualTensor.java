package io.lipstream.inference;

import io.lipstream.media.picture.Rect;
import java.util.Arrays;

/**
 * Writes ROI pictures as the generator sees them: three planes of the picture, then the same three
 * with the mask box blanked to the value of black.
 *
 * <p>Immutable; the caller lends the row that it converts in.
 */
public final class VisualTensor {
  private static final int CHANNELS = 3;

  private final int roiPx;
  private final Rect maskBox;
  private final ChannelOrder channelOrder;
  private final float black;
  private final float[] valueOfByte = new float[256];

  public VisualTensor(GeneratorSpec spec) {
    roiPx = spec.roiPx();
    maskBox = spec.maskBox();
    channelOrder = spec.channelOrder();
    black = spec.valueRange().black();
    for (int value = 0; value < valueOfByte.length; value++) {
      valueOfByte[value] = spec.valueRange().ofByte(value);
    }
  }

  /** Room for one row of this picture. */
  public float[][] newRow() {
    return new float[CHANNELS][roiPx];
  }

  /** Writes one frame from interleaved B, G, R bytes, [roi][roi][3]. */
  public void write(byte[] bgr, TensorSlot target, float[][] row) {
    int planeFloats = roiPx * roiPx;
    for (int y = 0; y < roiPx; y++) {
      convertRow(bgr, y, row);
      for (int channel = 0; channel < CHANNELS; channel++) {
        float[] values = row[channel];
        int plane = channelOrder.planeOf(channel);
        int offset = plane * planeFloats + y * roiPx;
        target.put(offset, values, 0, roiPx);
        if (y >= maskBox.y1() && y < maskBox.y2()) {
          Arrays.fill(values, maskBox.x1(), maskBox.x2(), black);
        }
        target.put(offset + CHANNELS * planeFloats, values, 0, roiPx);
      }
    }
  }

  private void convertRow(byte[] bgr, int y, float[][] row) {
    float[] table = valueOfByte;
    float[] blue = row[0];
    float[] green = row[1];
    float[] red = row[2];
    int from = y * roiPx * CHANNELS;
    for (int x = 0; x < roiPx; x++) {
      blue[x] = table[bgr[from] & 0xff];
      green[x] = table[bgr[from + 1] & 0xff];
      red[x] = table[bgr[from + 2] & 0xff];
      from += CHANNELS;
    }
  }
}
