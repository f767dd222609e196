package io.lipstream.streaming.rtp;

/** Numbers in network byte order. */
final class BigEndian {
  private BigEndian() {}

  static int u8(byte[] from, int at) {
    return from[at] & 0xff;
  }

  static int u16(byte[] from, int at) {
    return (from[at] & 0xff) << 8 | (from[at + 1] & 0xff);
  }

  static int u24(byte[] from, int at) {
    return u16(from, at) << 8 | (from[at + 2] & 0xff);
  }

  static int i32(byte[] from, int at) {
    return u16(from, at) << 16 | u16(from, at + 2);
  }

  static long i64(byte[] from, int at) {
    return (long) i32(from, at) << 32 | (i32(from, at + 4) & 0xffff_ffffL);
  }

  static void put16(byte[] into, int at, int value) {
    into[at] = (byte) (value >> 8);
    into[at + 1] = (byte) value;
  }

  static void put24(byte[] into, int at, int value) {
    into[at] = (byte) (value >> 16);
    put16(into, at + 1, value);
  }

  static void put32(byte[] into, int at, int value) {
    put16(into, at, value >> 16);
    put16(into, at + 2, value);
  }

  static void put64(byte[] into, int at, long value) {
    put32(into, at, (int) (value >> 32));
    put32(into, at + 4, (int) value);
  }

  /** The number nearest to {@code near} whose low 16 bits are given. */
  static long unwrap16(long near, int low16) {
    return near + (short) (low16 - (int) near);
  }

  /** The number nearest to {@code near} whose low 32 bits are given. */
  static long unwrap32(long near, int low32) {
    return near + (low32 - (int) near);
  }
}
