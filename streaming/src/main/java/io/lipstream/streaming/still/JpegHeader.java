package io.lipstream.streaming.still;

import java.io.ByteArrayOutputStream;

/** The header of a joined JPEG file, from that of one of its tiles. */
final class JpegHeader {
  private static final int MARKER = 0xff;
  private static final int START = 0xd8;
  private static final int QUANTIZERS = 0xdb;
  private static final int HUFFMAN = 0xc4;
  private static final int BASELINE = 0xc0;
  private static final int RESTART_INTERVAL = 0xdd;
  private static final int SCAN = 0xda;

  /** JFIF 1.1, square pixels. */
  private static final byte[] JFIF = {
    (byte) MARKER, (byte) 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0
  };

  /** Bytes of a tile's file before its data. */
  final int tileHeaderBytes;

  /** The whole file's header. */
  final byte[] bytes;

  private JpegHeader(int tileHeaderBytes, byte[] bytes) {
    this.tileHeaderBytes = tileHeaderBytes;
    this.bytes = bytes;
  }

  /**
   * Reads a tile's file.
   *
   * @param file baseline JPEG without restarts
   */
  static JpegHeader of(byte[] file, TileGrid grid) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(MARKER);
    out.write(START);
    out.writeBytes(JFIF);
    int at = 2;
    while (true) {
      int marker = file[at + 1] & 0xff;
      int end = at + 2 + twoBytes(file, at + 2);
      switch (marker) {
        case QUANTIZERS, HUFFMAN -> out.write(file, at, end - at);
        case BASELINE -> writeSize(out, file, at, end, grid);
        case SCAN -> {
          writeSegment(out, RESTART_INTERVAL, grid.tileBlocks());
          out.write(file, at, end - at);
          return new JpegHeader(end, out.toByteArray());
        }
        default -> {} // Comments and the like.
      }
      at = end;
    }
  }

  private static void writeSize(
      ByteArrayOutputStream out, byte[] file, int at, int end, TileGrid grid) {
    int size = at + 5;
    out.write(file, at, size - at);
    writeTwoBytes(out, grid.heightPx());
    writeTwoBytes(out, grid.widthPx());
    out.write(file, size + 4, end - size - 4);
  }

  private static void writeSegment(ByteArrayOutputStream out, int marker, int value) {
    out.write(MARKER);
    out.write(marker);
    writeTwoBytes(out, 4);
    writeTwoBytes(out, value);
  }

  private static void writeTwoBytes(ByteArrayOutputStream out, int value) {
    out.write(value >> 8);
    out.write(value);
  }

  private static int twoBytes(byte[] data, int at) {
    return ((data[at] & 0xff) << 8) | (data[at + 1] & 0xff);
  }
}
