package io.lipstream.streaming.webrtc;

/** Numbers in network byte order. */
final class Bytes {
  private Bytes() {}

  static int uint16(byte[] bytes, int at) {
    return (bytes[at] & 0xFF) << 8 | (bytes[at + 1] & 0xFF);
  }

  static int int32(byte[] bytes, int at) {
    return uint16(bytes, at) << 16 | uint16(bytes, at + 2);
  }

  static void putUint16(byte[] bytes, int at, int value) {
    bytes[at] = (byte) (value >>> 8);
    bytes[at + 1] = (byte) value;
  }

  static void putInt32(byte[] bytes, int at, int value) {
    putUint16(bytes, at, value >>> 16);
    putUint16(bytes, at + 2, value);
  }

  /** Mixes a number into four bytes. */
  static void xorInt32(byte[] bytes, int at, int value) {
    putInt32(bytes, at, int32(bytes, at) ^ value);
  }
}
