package io.lipstream.media.picture;

/**
 * A picture of interleaved B, G, R bytes, row by row without padding: byte (y * width + x) * 3 + c.
 *
 * <p>Mutable and not thread-safe; whoever made it owns it.
 */
public final class BgrPicture {
  private final int widthPx;
  private final int heightPx;
  private final byte[] data;

  public BgrPicture(int widthPx, int heightPx) {
    this(widthPx, heightPx, new byte[widthPx * heightPx * 3]);
  }

  /** Wraps, without copying, exactly width * height * 3 bytes. */
  public BgrPicture(int widthPx, int heightPx, byte[] data) {
    if (widthPx <= 0 || heightPx <= 0 || data.length != widthPx * heightPx * 3) {
      throw new IllegalArgumentException(
          data.length + " bytes are not a B,G,R picture of " + widthPx + "x" + heightPx);
    }
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.data = data;
  }

  public int widthPx() {
    return widthPx;
  }

  public int heightPx() {
    return heightPx;
  }

  /** The live pixels, not a copy. */
  public byte[] data() {
    return data;
  }
}
