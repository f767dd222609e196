package io.lipstream.streaming.still;

import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.picture.Rect;

/**
 * Encodes JPEG tile by tile.
 *
 * <p>JPEG codes a block's colour as the difference from the block before it, and the blocks' bits
 * without regard to bytes. At a restart marker both begin anew, so the stretches between markers
 * can be made one by one, in any order, and be copied from another file with the same tables. Each
 * tile is therefore encoded as a file of its own, of which the data alone is taken; with a restart
 * interval as long as a tile the parts make one ordinary baseline file.
 *
 * <p>A picture without a background is one large tile, which takes half the time.
 */
final class JpegEncoder implements StillEncoder {
  private static final int MARKER = 0xff;
  private static final int RESTART = 0xd0;
  private static final int RESTARTS = 8;
  private static final int END_MARKER_BYTES = 2;
  private static final int END = 0xd9;

  private record Maker(StillSettings settings, TileGrid grid, String library) {}

  private final Maker maker;
  private final TileGrid grid;
  private final TileEncoder encoder;
  private final JpegHeader header;
  private final I420Frame whole;
  private final I420Frame[] tiles;
  private final StillPicture out = new StillPicture();

  static JpegEncoder open(StillSettings settings, int widthPx, int heightPx) {
    TurboJpeg turbo = TurboJpeg.installed();
    return turbo == null
        ? new JpegEncoder(
            settings, widthPx, heightPx, new FfmpegTiles(settings.quality()), "FFmpeg")
        : new JpegEncoder(
            settings, widthPx, heightPx, turbo.open(settings.quality()), "libjpeg-turbo");
  }

  JpegEncoder(
      StillSettings settings, int widthPx, int heightPx, TileEncoder encoder, String library) {
    this.encoder = encoder;
    grid = TileGrid.of(widthPx, heightPx);
    maker = new Maker(settings, grid, library);
    whole = new I420Frame(widthPx, heightPx);
    tiles = tiles(grid);
    byte[] file = new byte[encoder.encode(tiles[0])];
    encoder.read(0, file, 0, file.length);
    header = JpegHeader.of(file, grid);
  }

  /** One of each size there is: inside, at the right edge, at the bottom, in the corner. */
  private static I420Frame[] tiles(TileGrid grid) {
    int rightPx = grid.widthPx() - (grid.columns() - 1) * grid.tilePx();
    int bottomPx = grid.heightPx() - (grid.rows() - 1) * TileGrid.BLOCK_PX;
    int innerPx = Math.min(grid.tilePx(), grid.widthPx());
    int rowPx = Math.min(TileGrid.BLOCK_PX, grid.heightPx());
    return new I420Frame[] {
      new I420Frame(innerPx, rowPx),
      new I420Frame(rightPx, rowPx),
      new I420Frame(innerPx, bottomPx),
      new I420Frame(rightPx, bottomPx)
    };
  }

  @Override
  public StillSettings settings() {
    return maker.settings();
  }

  @Override
  public StillPicture encode(I420Frame picture) {
    Stills.requireSize(picture, grid.widthPx(), grid.heightPx());
    FullRange.cut(picture, 0, 0, whole);
    out.clear();
    int bytes = encoder.encode(whole);
    int at = out.extend(bytes);
    encoder.read(0, out.data(), at, bytes);
    return out;
  }

  @Override
  public StillPicture encode(I420Frame picture, StillBackground background, Rect changed) {
    Stills.requireSize(picture, grid.widthPx(), grid.heightPx());
    Stills.requireMaker(background, maker);
    int left = grid.column(changed.x1());
    int right = grid.column(changed.x2() - 1);
    int bottom = grid.row(changed.y2() - 1);
    out.clear();
    int copied = 0;
    for (int row = grid.row(changed.y1()); row <= bottom; row++) {
      int first = row * grid.columns() + left;
      int last = row * grid.columns() + right;
      out.append(background.data, copied, background.partStarts[first] - copied);
      for (int tile = first; tile <= last; tile++) {
        appendTile(picture, tile);
      }
      copied = background.partStarts[last + 1];
    }
    out.append(background.data, copied, background.data.length - copied);
    return out;
  }

  @Override
  public StillBackground background(I420Frame picture) {
    Stills.requireSize(picture, grid.widthPx(), grid.heightPx());
    int[] partStarts = new int[grid.count() + 1];
    out.clear();
    out.append(header.bytes, 0, header.bytes.length);
    for (int tile = 0; tile < grid.count(); tile++) {
      partStarts[tile] = out.length();
      appendTile(picture, tile);
    }
    partStarts[grid.count()] = out.length();
    out.append(MARKER);
    out.append(END);
    return new StillBackground(maker, out, partStarts, new int[0]);
  }

  private void appendTile(I420Frame picture, int index) {
    int left = grid.left(index);
    int top = grid.top(index);
    boolean atRight = left + grid.tilePx() >= grid.widthPx();
    boolean atBottom = top + TileGrid.BLOCK_PX >= grid.heightPx();
    I420Frame tile = tiles[(atRight ? 1 : 0) + (atBottom ? 2 : 0)];
    FullRange.cut(picture, left, top, tile);
    int dataBytes = encoder.encode(tile) - header.tileHeaderBytes - END_MARKER_BYTES;
    int at = out.extend(dataBytes);
    encoder.read(header.tileHeaderBytes, out.data(), at, dataBytes);
    if (index < grid.count() - 1) {
      out.append(MARKER);
      out.append(RESTART + index % RESTARTS);
    }
  }

  @Override
  public void close() {
    encoder.close();
  }
}
