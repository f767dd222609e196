package io.lipstream.media.picture;

/**
 * Converts between B, G, R pixels and I420 in BT.601 video range.
 *
 * <p>The matrix follows from ITU-R BT.601: luma = 0.299 R + 0.587 G + 0.114 B, scaled to 219 steps
 * from 16; the colour differences scaled to 224 steps around 128. Coefficients are in 1/65536, so
 * that grey stays exactly grey. The chroma of a 2x2 block is that of its mean colour, and every
 * pixel of the block gets it back.
 */
public final class Bt601 {
  private static final int BITS = 16;
  private static final int HALF = 1 << (BITS - 1);

  private Bt601() {}

  /** Converts a whole picture into a frame of the same size. */
  public static void toI420(BgrPicture source, I420Frame target) {
    if (source.widthPx() != target.widthPx() || source.heightPx() != target.heightPx()) {
      throw new IllegalArgumentException(
          "picture and frame differ in size: "
              + (source.widthPx() + "x" + source.heightPx() + " and ")
              + (target.widthPx() + "x" + target.heightPx()));
    }
    toI420(source, target, 0, 0);
  }

  /** Converts a picture of even size and writes it into the frame at an even position. */
  public static void toI420(BgrPicture patch, I420Frame target, int x, int y) {
    int widthPx = patch.widthPx();
    int heightPx = patch.heightPx();
    boolean even = ((x | y | widthPx | heightPx) & 1) == 0;
    if (!even
        || !new Rect(x, y, x + widthPx, y + heightPx).fitsIn(target.widthPx(), target.heightPx())) {
      throw new IllegalArgumentException(
          "cannot place a "
              + (widthPx + "x" + heightPx + " picture at (" + x + ", " + y + ") of a ")
              + (target.widthPx() + "x" + target.heightPx())
              + " frame: sides and position must be even and inside");
    }
    byte[] out = target.data();
    int chromaStride = target.widthPx() / 2;
    for (int row = 0; row < heightPx; row++) {
      lumaRow(patch.data(), row * widthPx * 3, out, (y + row) * target.widthPx() + x, widthPx);
    }
    for (int row = 0; row < heightPx; row += 2) {
      int at = (y + row) / 2 * chromaStride + x / 2;
      chromaRow(
          patch.data(),
          row * widthPx * 3,
          widthPx,
          out,
          target.uOffset() + at,
          target.vOffset() + at);
    }
  }

  /** Converts a whole frame into a picture of the same size. */
  public static void toBgr(I420Frame source, BgrPicture target) {
    toBgr(source, new Rect(0, 0, source.widthPx(), source.heightPx()), target);
  }

  /** Converts any region of a frame, odd corners included, into a picture of the region's size. */
  public static void toBgr(I420Frame source, Rect region, BgrPicture target) {
    if (!region.fitsIn(source.widthPx(), source.heightPx())
        || region.widthPx() != target.widthPx()
        || region.heightPx() != target.heightPx()) {
      throw new IllegalArgumentException(
          region
              + (" of a " + source.widthPx() + "x" + source.heightPx() + " frame does not fill a ")
              + (target.widthPx() + "x" + target.heightPx() + " picture"));
    }
    byte[] in = source.data();
    byte[] out = target.data();
    int at = 0;
    for (int y = region.y1(); y < region.y2(); y++) {
      int lumaRow = y * source.widthPx();
      int chromaRow = y / 2 * (source.widthPx() / 2);
      for (int x = region.x1(); x < region.x2(); x++) {
        int luma = 76_309 * ((in[lumaRow + x] & 0xff) - 16) + HALF;
        int u = (in[source.uOffset() + chromaRow + x / 2] & 0xff) - 128;
        int v = (in[source.vOffset() + chromaRow + x / 2] & 0xff) - 128;
        out[at++] = grey(luma + 132_201 * u);
        out[at++] = grey(luma - 25_675 * u - 53_279 * v);
        out[at++] = grey(luma + 104_597 * v);
      }
    }
  }

  private static void lumaRow(byte[] bgr, int from, byte[] out, int at, int widthPx) {
    for (int x = 0, i = from; x < widthPx; x++, i += 3) {
      int b = bgr[i] & 0xff;
      int g = bgr[i + 1] & 0xff;
      int r = bgr[i + 2] & 0xff;
      out[at + x] = (byte) ((6_416 * b + 33_039 * g + 16_829 * r + (16 << BITS) + HALF) >> BITS);
    }
  }

  private static void chromaRow(byte[] bgr, int top, int widthPx, byte[] out, int atU, int atV) {
    int centre = (128 << (BITS + 2)) + (HALF << 2);
    for (int x = 0, i = top, j = top + widthPx * 3; x < widthPx / 2; x++, i += 6, j += 6) {
      int b = sum(bgr[i], bgr[i + 3], bgr[j], bgr[j + 3]);
      int g = sum(bgr[i + 1], bgr[i + 4], bgr[j + 1], bgr[j + 4]);
      int r = sum(bgr[i + 2], bgr[i + 5], bgr[j + 2], bgr[j + 5]);
      out[atU + x] = (byte) ((28_784 * b - 19_070 * g - 9_714 * r + centre) >> (BITS + 2));
      out[atV + x] = (byte) ((28_784 * r - 24_103 * g - 4_681 * b + centre) >> (BITS + 2));
    }
  }

  private static int sum(byte a, byte b, byte c, byte d) {
    return (a & 0xff) + (b & 0xff) + (c & 0xff) + (d & 0xff);
  }

  private static byte grey(int fixed) {
    return (byte) Math.clamp(fixed >> BITS, 0, 255);
  }
}
