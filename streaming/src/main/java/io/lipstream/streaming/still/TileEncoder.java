package io.lipstream.streaming.still;

import io.lipstream.media.picture.I420Frame;

/**
 * Makes whole JPEG files of small pictures, which {@link JpegEncoder} joins. All files of one
 * encoder have the same tables and differ before their data in their size alone.
 */
interface TileEncoder extends AutoCloseable {

  /**
   * Encodes a tile.
   *
   * @param tile in full range, as JPEG has it
   * @return the file's length
   */
  int encode(I420Frame tile);

  /** Copies out of the file that was made last. */
  void read(int fromByte, byte[] to, int byteOffset, int byteCount);

  @Override
  void close();
}
