package io.lipstream.inference.engine;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The process's native allocator and scheduler, as far as glibc lets them be asked; elsewhere it
 * knows nothing and does nothing.
 */
final class NativeMemory {
  /** Where mallinfo2() has the mapped and the other bytes in use, among its ten numbers. */
  private static final long MAPPED = 4 * Long.BYTES;

  private static final long IN_USE = 7 * Long.BYTES;

  private static final int LOWEST_PRIORITY = 19;

  private static final MemoryLayout MALLINFO2 = MemoryLayout.sequenceLayout(10, JAVA_LONG);

  private static final @Nullable MethodHandle MALLINFO =
      function(
          "mallinfo2",
          FunctionDescriptor.of(MemoryLayout.structLayout(MALLINFO2.withName("numbers"))));
  private static final @Nullable MethodHandle MALLOC_TRIM =
      function("malloc_trim", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
  private static final @Nullable MethodHandle SETPRIORITY =
      function("setpriority", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));

  private NativeMemory() {}

  private static @Nullable MethodHandle function(String name, FunctionDescriptor signature) {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> address = linker.defaultLookup().find(name);
    boolean linux = System.getProperty("os.name", "").equals("Linux");
    return linux && address.isPresent() ? linker.downcallHandle(address.get(), signature) : null;
  }

  /** Bytes that the allocator has handed out, over all its arenas; 0 where nobody can tell. */
  static long inUseBytes() {
    if (MALLINFO == null) {
      return 0;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = (MemorySegment) MALLINFO.invokeExact((SegmentAllocator) arena);
      return info.get(JAVA_LONG, MAPPED) + info.get(JAVA_LONG, IN_USE);
    } catch (Throwable e) {
      throw new IllegalStateException("mallinfo2() failed", e);
    }
  }

  /** Returns freed memory to the system, which the allocator would keep for later. */
  static void giveBack() {
    if (MALLOC_TRIM == null) {
      return;
    }
    try {
      int ignored = (int) MALLOC_TRIM.invokeExact(0L);
    } catch (Throwable e) {
      throw new IllegalStateException("malloc_trim() failed", e);
    }
  }

  /**
   * Lets the calling thread run only when others leave it the time. On Linux priorities belong to
   * threads, and threads that this one starts inherit it.
   */
  static void yieldToOthers() {
    if (SETPRIORITY == null) {
      return;
    }
    int ofThisThread = 0;
    try {
      int ignored = (int) SETPRIORITY.invokeExact(0, ofThisThread, LOWEST_PRIORITY);
    } catch (Throwable e) {
      throw new IllegalStateException("setpriority() failed", e);
    }
  }
}
