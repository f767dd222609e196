package io.lipstream.media.picture;

/**
 * A half-open rectangle of pixels: columns x1 to x2 - 1, rows y1 to y2 - 1.
 *
 * @param x1 left column, inside
 * @param y1 top row, inside
 * @param x2 right column, outside
 * @param y2 bottom row, outside
 */
public record Rect(int x1, int y1, int x2, int y2) {
  public Rect {
    if (x2 <= x1 || y2 <= y1) {
      throw new IllegalArgumentException(
          "empty rectangle: [" + x1 + ", " + y1 + ", " + x2 + ", " + y2 + "]");
    }
  }

  public int widthPx() {
    return x2 - x1;
  }

  public int heightPx() {
    return y2 - y1;
  }

  /** Whether this lies wholly inside a picture of the given size. */
  public boolean fitsIn(int widthPx, int heightPx) {
    return x1 >= 0 && y1 >= 0 && x2 <= widthPx && y2 <= heightPx;
  }
}
