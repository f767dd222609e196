package io.lipstream.media.picture;

/**
 * Resizes pictures of one size to another as OpenCV's INTER_CUBIC does, within one grey level.
 *
 * <p>Cubic convolution with a = -0.75, half-pixel centres and replicated borders; no smoothing
 * before shrinking. The two axes are independent, so each has its own table of four neighbours and
 * four weights per target pixel, made once.
 *
 * <p>The vertical pass comes first and runs along whole rows, the form HotSpot turns into vector
 * instructions. The horizontal pass cannot be one: its neighbours lie at uneven steps. It therefore
 * handles the three channels together, which share position and weights. Sums are floats: every
 * intermediate is exact to far less than a grey level.
 *
 * <p>Owns its scratch rows: one thread at a time, no allocation per call.
 */
public final class BicubicResize {
  private static final int TAPS = 4;
  private static final double A = -0.75;

  private final int sourceWidthPx;
  private final int sourceHeightPx;
  private final int targetWidthPx;
  private final int targetHeightPx;
  private final int[] columns;
  private final float[] columnWeights;
  private final int[] rows;
  private final float[] rowWeights;

  /** The last four source rows as floats, [row mod 4][channel][x]. */
  private final float[][][] ring;

  private final float[] blue;
  private final float[] green;
  private final float[] red;
  private final int[] widened;
  private final float[] resized;

  /** Plans the resize; each side must have at least four source pixels. */
  public BicubicResize(
      int sourceWidthPx, int sourceHeightPx, int targetWidthPx, int targetHeightPx) {
    if (sourceWidthPx < TAPS || sourceHeightPx < TAPS || targetWidthPx < 1 || targetHeightPx < 1) {
      throw new IllegalArgumentException(
          "cannot resize "
              + (sourceWidthPx + "x" + sourceHeightPx + " to ")
              + (targetWidthPx + "x" + targetHeightPx)
              + ": the source needs 4x4 pixels or more, the target 1x1");
    }
    this.sourceWidthPx = sourceWidthPx;
    this.sourceHeightPx = sourceHeightPx;
    this.targetWidthPx = targetWidthPx;
    this.targetHeightPx = targetHeightPx;
    columns = new int[targetWidthPx];
    columnWeights = new float[targetWidthPx * TAPS];
    planAxis(sourceWidthPx, columns, columnWeights);
    rows = new int[targetHeightPx];
    rowWeights = new float[targetHeightPx * TAPS];
    planAxis(sourceHeightPx, rows, rowWeights);
    ring = new float[TAPS][3][sourceWidthPx];
    blue = new float[sourceWidthPx];
    green = new float[sourceWidthPx];
    red = new float[sourceWidthPx];
    widened = new int[sourceWidthPx];
    resized = new float[targetWidthPx * 3];
  }

  public int sourceWidthPx() {
    return sourceWidthPx;
  }

  public int sourceHeightPx() {
    return sourceHeightPx;
  }

  public int targetWidthPx() {
    return targetWidthPx;
  }

  public int targetHeightPx() {
    return targetHeightPx;
  }

  /**
   * Resizes a region of a picture; pixels outside the region have no influence.
   *
   * @param region as large as this plan's source
   * @param target as large as this plan's target
   */
  public void resize(BgrPicture source, Rect region, BgrPicture target) {
    if (region.widthPx() != sourceWidthPx
        || region.heightPx() != sourceHeightPx
        || !region.fitsIn(source.widthPx(), source.heightPx())) {
      throw new IllegalArgumentException(
          region
              + (" of a " + source.widthPx() + "x" + source.heightPx() + " picture is not the ")
              + (sourceWidthPx + "x" + sourceHeightPx + " source of this resize"));
    }
    if (target.widthPx() != targetWidthPx || target.heightPx() != targetHeightPx) {
      throw new IllegalArgumentException(
          "the target is "
              + (target.widthPx() + "x" + target.heightPx())
              + (", not " + targetWidthPx + "x" + targetHeightPx));
    }
    int strideBytes = source.widthPx() * 3;
    int offset = region.y1() * strideBytes + region.x1() * 3;
    int loaded = 0;
    for (int y = 0; y < targetHeightPx; y++) {
      for (; loaded < rows[y] + TAPS; loaded++) {
        loadInterleaved(source.data(), offset + loaded * strideBytes, ring[loaded % TAPS]);
      }
      blendRows(y);
      blendColumns(resized, 0, targetWidthPx, 2 * targetWidthPx);
      storeInterleaved(target.data(), y * targetWidthPx * 3);
    }
  }

  /**
   * Resizes three planes, keeping fractions for the arithmetic that follows.
   *
   * @param planes source bytes [3][height][width] from the offset on
   * @param target receives [3][height][width], from slightly below 0 to slightly above 255: sharp
   *     edges overshoot
   */
  public void resizePlanes(byte[] planes, int offset, float[] target) {
    int planeBytes = sourceWidthPx * sourceHeightPx;
    int targetPlane = targetWidthPx * targetHeightPx;
    int loaded = 0;
    for (int y = 0; y < targetHeightPx; y++) {
      for (; loaded < rows[y] + TAPS; loaded++) {
        float[][] row = ring[loaded % TAPS];
        int start = offset + loaded * sourceWidthPx;
        for (int c = 0; c < 3; c++) {
          loadPlane(planes, start + c * planeBytes, row[c]);
        }
      }
      blendRows(y);
      int start = y * targetWidthPx;
      blendColumns(target, start, start + targetPlane, start + 2 * targetPlane);
    }
  }

  /** Neighbours that fall outside give their weight to the border pixel: a replicated border. */
  private static void planAxis(int sourcePx, int[] firsts, float[] weights) {
    double scale = (double) sourcePx / firsts.length;
    double[] cubic = new double[TAPS];
    for (int i = 0; i < firsts.length; i++) {
      double centre = (i + 0.5) * scale - 0.5;
      int left = (int) Math.floor(centre);
      cubicWeights(centre - left, cubic);
      int first = Math.clamp(left - 1, 0, sourcePx - TAPS);
      firsts[i] = first;
      for (int tap = 0; tap < TAPS; tap++) {
        int neighbour = Math.clamp(left - 1 + tap, 0, sourcePx - 1);
        weights[i * TAPS + neighbour - first] += (float) cubic[tap];
      }
    }
  }

  /** Keys' cubic convolution kernel at the distances 1 + t, t, 1 - t and 2 - t. */
  private static void cubicWeights(double t, double[] weights) {
    weights[0] = ((A * (t + 1) - 5 * A) * (t + 1) + 8 * A) * (t + 1) - 4 * A;
    weights[1] = ((A + 2) * t - (A + 3)) * t * t + 1;
    weights[2] = ((A + 2) * (1 - t) - (A + 3)) * (1 - t) * (1 - t) + 1;
    weights[3] = 1 - weights[0] - weights[1] - weights[2];
  }

  private static void loadInterleaved(byte[] bgr, int offset, float[][] row) {
    float[] b = row[0];
    float[] g = row[1];
    float[] r = row[2];
    for (int x = 0, i = offset; x < b.length; x++, i += 3) {
      b[x] = bgr[i] & 0xff;
      g[x] = bgr[i + 1] & 0xff;
      r[x] = bgr[i + 2] & 0xff;
    }
  }

  /** Two simple loops, because HotSpot vectorises byte to int and int to float but not both. */
  private void loadPlane(byte[] plane, int offset, float[] row) {
    for (int x = 0; x < widened.length; x++) {
      widened[x] = plane[offset + x] & 0xff;
    }
    for (int x = 0; x < widened.length; x++) {
      row[x] = widened[x];
    }
  }

  private void blendRows(int y) {
    float[][] r0 = ring[rows[y] % TAPS];
    float[][] r1 = ring[(rows[y] + 1) % TAPS];
    float[][] r2 = ring[(rows[y] + 2) % TAPS];
    float[][] r3 = ring[(rows[y] + 3) % TAPS];
    int w = y * TAPS;
    blendRow(r0[0], r1[0], r2[0], r3[0], w, blue);
    blendRow(r0[1], r1[1], r2[1], r3[1], w, green);
    blendRow(r0[2], r1[2], r2[2], r3[2], w, red);
  }

  private void blendRow(float[] r0, float[] r1, float[] r2, float[] r3, int w, float[] sum) {
    float w0 = rowWeights[w];
    float w1 = rowWeights[w + 1];
    float w2 = rowWeights[w + 2];
    float w3 = rowWeights[w + 3];
    for (int x = 0; x < sum.length; x++) {
      sum[x] = r0[x] * w0 + r1[x] * w1 + r2[x] * w2 + r3[x] * w3;
    }
  }

  private void blendColumns(float[] target, int atB, int atG, int atR) {
    float[] b = blue;
    float[] g = green;
    float[] r = red;
    for (int x = 0; x < targetWidthPx; x++) {
      int p = columns[x];
      float w0 = columnWeights[x * TAPS];
      float w1 = columnWeights[x * TAPS + 1];
      float w2 = columnWeights[x * TAPS + 2];
      float w3 = columnWeights[x * TAPS + 3];
      target[atB + x] = b[p] * w0 + b[p + 1] * w1 + b[p + 2] * w2 + b[p + 3] * w3;
      target[atG + x] = g[p] * w0 + g[p + 1] * w1 + g[p + 2] * w2 + g[p + 3] * w3;
      target[atR + x] = r[p] * w0 + r[p + 1] * w1 + r[p + 2] * w2 + r[p + 3] * w3;
    }
  }

  private void storeInterleaved(byte[] bgr, int offset) {
    for (int c = 0; c < 3; c++) {
      int from = c * targetWidthPx;
      for (int x = 0, i = offset + c; x < targetWidthPx; x++, i += 3) {
        bgr[i] = (byte) Math.clamp((int) (resized[from + x] + 0.5f), 0, 255);
      }
    }
  }
}
