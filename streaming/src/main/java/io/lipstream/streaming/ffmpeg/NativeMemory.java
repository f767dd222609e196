package io.lipstream.streaming.ffmpeg;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Reads and writes at addresses that FFmpeg gave, without a Java object for each access.
 *
 * <p>Nothing is checked: a wrong address or length ends the process.
 */
public final class NativeMemory {
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private NativeMemory() {}

  /** The pointer that is stored at an address. */
  public static long pointerAt(long address) {
    return ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, address);
  }

  public static void read(long address, byte[] to, int byteOffset, int byteCount) {
    MemorySegment.copy(ALL, ValueLayout.JAVA_BYTE, address, to, byteOffset, byteCount);
  }

  public static void read(long address, float[] to, int offset, int count) {
    MemorySegment.copy(ALL, ValueLayout.JAVA_FLOAT_UNALIGNED, address, to, offset, count);
  }

  public static void write(byte[] from, int byteOffset, long address, int byteCount) {
    MemorySegment.copy(from, byteOffset, ALL, ValueLayout.JAVA_BYTE, address, byteCount);
  }

  public static void write(float[] from, int offset, long address, int count) {
    MemorySegment.copy(from, offset, ALL, ValueLayout.JAVA_FLOAT_UNALIGNED, address, count);
  }
}
