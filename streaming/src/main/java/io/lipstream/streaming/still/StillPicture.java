package io.lipstream.streaming.still;

/**
 * The bytes of one encoded picture.
 *
 * <p>The encoder owns it and overwrites it with the next picture; whoever keeps it copies it.
 */
public final class StillPicture {
  private byte[] data = new byte[1 << 16];
  private int length;

  StillPicture() {}

  /** Only the first {@link #length()} bytes are the picture's. */
  public byte[] data() {
    return data;
  }

  public int length() {
    return length;
  }

  void clear() {
    length = 0;
  }

  void append(byte[] from, int byteOffset, int byteCount) {
    int at = extend(byteCount);
    System.arraycopy(from, byteOffset, data, at, byteCount);
  }

  void append(int value) {
    int at = extend(1);
    data[at] = (byte) value;
  }

  void appendInt(int value) {
    int at = extend(Integer.BYTES);
    putInt(at, value);
  }

  void putInt(int at, int value) {
    data[at] = (byte) (value >>> 24);
    data[at + 1] = (byte) (value >>> 16);
    data[at + 2] = (byte) (value >>> 8);
    data[at + 3] = (byte) value;
  }

  /**
   * Makes the picture longer by so many bytes, which the caller fills; returns where they begin.
   */
  int extend(int byteCount) {
    int at = length;
    reserve(byteCount);
    length += byteCount;
    return at;
  }

  /** Makes room for so many bytes after the last. */
  void reserve(int byteCount) {
    if (data.length - length < byteCount) {
      byte[] more = new byte[Math.max(2 * data.length, length + byteCount)];
      System.arraycopy(data, 0, more, 0, length);
      data = more;
    }
  }
}
