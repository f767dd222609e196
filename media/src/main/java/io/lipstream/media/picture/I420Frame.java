package io.lipstream.media.picture;

/**
 * One video frame as encoders take it: planar Y, then U, then V at half size, in one array without
 * padding.
 *
 * <p>Colours are BT.601 with video range (Y 16-235, U and V 16-240), the one choice that VP8
 * prescribes and that H.264 can name, so a frame is converted once, when it is decoded. Width and
 * height are even. Mutable and not thread-safe; whoever made it owns it.
 */
public final class I420Frame {
  private final int widthPx;
  private final int heightPx;
  private final byte[] data;

  public I420Frame(int widthPx, int heightPx) {
    if (widthPx <= 0 || heightPx <= 0 || widthPx % 2 != 0 || heightPx % 2 != 0) {
      throw new IllegalArgumentException(
          "an I420 frame has even sides, not " + widthPx + "x" + heightPx);
    }
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.data = new byte[byteCount(widthPx, heightPx)];
  }

  /** Bytes of a frame of this size: one and a half a pixel. */
  public static int byteCount(int widthPx, int heightPx) {
    return widthPx * heightPx * 3 / 2;
  }

  public int widthPx() {
    return widthPx;
  }

  public int heightPx() {
    return heightPx;
  }

  /** The live planes, not a copy. */
  public byte[] data() {
    return data;
  }

  public int uOffset() {
    return widthPx * heightPx;
  }

  public int vOffset() {
    return widthPx * heightPx * 5 / 4;
  }
}
