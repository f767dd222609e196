package io.lipstream.streaming.still;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.lipstream.media.picture.I420Frame;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The functions of libjpeg-turbo's TurboJPEG interface (Debian's libturbojpeg0, versions 2 and 3)
 * through the foreign-function interface. A record, because the compiler trusts the fields of
 * records to be constant and so calls them directly.
 */
record TurboJpeg(
    MethodHandle openCompressor,
    MethodHandle compress,
    MethodHandle errorText,
    MethodHandle destroy) {
  private static final Logger LOG = LoggerFactory.getLogger(TurboJpeg.class);
  private static final String LIBRARY = "libturbojpeg.so.0";
  private static final int SAMPLING_420 = 2;
  private static final int NO_REALLOC = 1024;
  private static final int ACCURATE_DCT = 4096;
  private static final int MAX_TEXT_BYTES = 200;

  private static final @Nullable TurboJpeg INSTALLED = find();

  /** The library of this machine, or null where there is none. */
  static @Nullable TurboJpeg installed() {
    return INSTALLED;
  }

  private static @Nullable TurboJpeg find() {
    try {
      SymbolLookup library = SymbolLookup.libraryLookup(LIBRARY, Arena.global());
      return new TurboJpeg(
          function(library, "tjInitCompress", ADDRESS),
          function(
              library,
              "tjCompressFromYUV",
              JAVA_INT,
              ADDRESS,
              ADDRESS,
              JAVA_INT,
              JAVA_INT,
              JAVA_INT,
              JAVA_INT,
              ADDRESS,
              ADDRESS,
              JAVA_INT,
              JAVA_INT),
          function(library, "tjGetErrorStr2", ADDRESS, ADDRESS),
          function(library, "tjDestroy", JAVA_INT, ADDRESS));
    } catch (IllegalArgumentException | IllegalCallerException e) {
      LOG.info(
          "JPEG is made by FFmpeg, more slowly than by libjpeg-turbo (on Debian or Ubuntu: apt-get"
              + " install libturbojpeg0): {}",
          e.getMessage());
      return null;
    }
  }

  private static MethodHandle function(
      SymbolLookup library, String name, MemoryLayout result, MemoryLayout... arguments) {
    MemorySegment address =
        library.find(name).orElseThrow(() -> new IllegalArgumentException("no function " + name));
    return Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(result, arguments));
  }

  /** An encoder of tiles. */
  TileEncoder open(int quality) {
    return new Tiles(quality);
  }

  private static IllegalStateException unexpected(Throwable e) {
    return new IllegalStateException("no C function throws", e);
  }

  private final class Tiles implements TileEncoder {
    private final Arena arena = Arena.ofShared();
    private final int quality;
    private final MemorySegment compressor;
    private final MemorySegment filePointer = arena.allocate(ADDRESS);
    private final MemorySegment fileLength = arena.allocate(JAVA_LONG);
    private MemorySegment planes = MemorySegment.NULL;
    private MemorySegment file = MemorySegment.NULL;
    private boolean closed;

    Tiles(int quality) {
      this.quality = quality;
      try {
        compressor = (MemorySegment) openCompressor.invokeExact();
      } catch (Throwable e) {
        throw unexpected(e);
      }
    }

    @Override
    public int encode(I420Frame tile) {
      if (closed) {
        throw new IllegalStateException("the encoder is closed");
      }
      byte[] data = tile.data();
      if (planes.byteSize() < data.length) {
        planes = arena.allocate(data.length);
        file = arena.allocate(4L * data.length + 4096); // More than a picture of noise takes.
        filePointer.set(ADDRESS, 0, file);
      }
      MemorySegment.copy(data, 0, planes, JAVA_BYTE, 0, data.length);
      fileLength.set(JAVA_LONG, 0, file.byteSize());
      if (compress(tile.widthPx(), tile.heightPx()) != 0) {
        throw new IllegalStateException("libjpeg-turbo: " + error());
      }
      return (int) fileLength.get(JAVA_LONG, 0);
    }

    private int compress(int widthPx, int heightPx) {
      try {
        return (int)
            compress.invokeExact(
                compressor,
                planes,
                widthPx,
                1,
                heightPx,
                SAMPLING_420,
                filePointer,
                fileLength,
                quality,
                NO_REALLOC | ACCURATE_DCT);
      } catch (Throwable e) {
        throw unexpected(e);
      }
    }

    private String error() {
      try {
        MemorySegment text = (MemorySegment) errorText.invokeExact(compressor);
        return text.reinterpret(MAX_TEXT_BYTES).getString(0);
      } catch (Throwable e) {
        throw unexpected(e);
      }
    }

    @Override
    public void read(int fromByte, byte[] to, int byteOffset, int byteCount) {
      MemorySegment.copy(file, JAVA_BYTE, fromByte, to, byteOffset, byteCount);
    }

    @Override
    public void close() {
      if (closed) {
        return;
      }
      closed = true;
      try {
        var _ = (int) destroy.invokeExact(compressor);
      } catch (Throwable e) {
        throw unexpected(e);
      }
      arena.close();
    }
  }
}
