package io.lipstream.streaming.still;

/**
 * How a picture is cut into tiles that JPEG codes by themselves, left to right, then down.
 *
 * <p>A tile is a restart interval: a row of 16x16 blocks, or an equal share of one, as intervals
 * that all have the same length must fit the rows.
 *
 * @param tileBlocks blocks in a tile, the last of a row cut off by the picture's edge included
 */
record TileGrid(int widthPx, int heightPx, int tileBlocks) {
  static final int BLOCK_PX = 16;

  /** Narrow enough to leave out what lies beside a mouth; less costs more bytes than it saves. */
  private static final int MOST_BLOCKS = 10;

  private static final int FEWEST_BLOCKS = 4;

  static TileGrid of(int widthPx, int heightPx) {
    int blocks = Math.ceilDiv(widthPx, BLOCK_PX);
    int tileBlocks = Math.min(MOST_BLOCKS, blocks);
    while (blocks % tileBlocks != 0) {
      tileBlocks--;
    }
    return new TileGrid(widthPx, heightPx, tileBlocks < FEWEST_BLOCKS ? blocks : tileBlocks);
  }

  int tilePx() {
    return tileBlocks * BLOCK_PX;
  }

  int columns() {
    return Math.ceilDiv(widthPx, tilePx());
  }

  int rows() {
    return Math.ceilDiv(heightPx, BLOCK_PX);
  }

  int count() {
    return columns() * rows();
  }

  int column(int xPx) {
    return xPx / tilePx();
  }

  int row(int yPx) {
    return yPx / BLOCK_PX;
  }

  int left(int tile) {
    return tile % columns() * tilePx();
  }

  int top(int tile) {
    return tile / columns() * BLOCK_PX;
  }
}
