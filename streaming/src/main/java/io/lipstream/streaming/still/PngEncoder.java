package io.lipstream.streaming.still;

import io.lipstream.media.picture.BgrPicture;
import io.lipstream.media.picture.Bt601;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.picture.Rect;
import java.nio.charset.StandardCharsets;
import java.util.zip.Adler32;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;

/**
 * Encodes PNG band by band.
 *
 * <p>Deflate refers to what came before, and so do PNG's row filters. Both begin anew with each
 * band of rows, which costs some percent of the size: a band is a run of deflate blocks that ends
 * at a byte, in a chunk of its own with its own check sum, and can be copied as it is. The check
 * sum over all bands is put together from those of the bands, see {@link AdlerSums}.
 */
final class PngEncoder implements StillEncoder {
  private static final int BAND_ROWS = 16;
  private static final int BYTES_PER_PIXEL = 3;
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  private static final byte[] HEADER = ascii("IHDR");
  private static final byte[] DATA = ascii("IDAT");
  private static final byte[] END = ascii("IEND");
  private static final int SUB = 1;
  private static final int UP = 2;

  private record Maker(StillSettings settings, int widthPx, int heightPx) {}

  private final Maker maker;
  private final int widthPx;
  private final int heightPx;
  private final int bands;
  private final BgrPicture band;
  private final BgrPicture lastBand;
  private final byte[] filtered;
  private final Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
  private final CRC32 crc = new CRC32();
  private final Adler32 adler = new Adler32();
  private final StillPicture out = new StillPicture();
  private final int[] partStarts;
  private final int[] partSums;

  PngEncoder(StillSettings settings, int widthPx, int heightPx) {
    maker = new Maker(settings, widthPx, heightPx);
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    bands = Math.ceilDiv(heightPx, BAND_ROWS);
    band = new BgrPicture(widthPx, Math.min(BAND_ROWS, heightPx));
    lastBand = new BgrPicture(widthPx, heightPx - (bands - 1) * BAND_ROWS);
    filtered = new byte[BAND_ROWS * rowBytes()];
    partStarts = new int[bands + 1];
    partSums = new int[bands];
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** Of a row with the name of its filter before it. */
  private int rowBytes() {
    return 1 + BYTES_PER_PIXEL * widthPx;
  }

  @Override
  public StillSettings settings() {
    return maker.settings();
  }

  @Override
  public StillPicture encode(I420Frame picture) {
    Stills.requireSize(picture, widthPx, heightPx);
    return write(picture, null, 0, bands);
  }

  @Override
  public StillPicture encode(I420Frame picture, StillBackground background, Rect changed) {
    Stills.requireSize(picture, widthPx, heightPx);
    Stills.requireMaker(background, maker);
    int from = changed.y1() / BAND_ROWS;
    int to = (changed.y2() - 1) / BAND_ROWS + 1;
    return write(picture, background, from, to);
  }

  @Override
  public StillBackground background(I420Frame picture) {
    return new StillBackground(maker, encode(picture), partStarts.clone(), partSums.clone());
  }

  private StillPicture write(
      I420Frame picture, @Nullable StillBackground background, int from, int to) {
    out.clear();
    if (background == null) {
      writeStart();
    } else {
      out.append(background.data, 0, background.partStarts[from]);
      System.arraycopy(background.partSums, 0, partSums, 0, bands);
    }
    for (int i = from; i < to; i++) {
      partStarts[i] = out.length();
      writeBand(picture, i);
    }
    if (background != null) {
      int rest = background.partStarts[to];
      out.append(background.data, rest, background.partStarts[bands] - rest);
    }
    partStarts[bands] = out.length();
    writeEnd();
    return out;
  }

  private void writeStart() {
    out.append(SIGNATURE, 0, SIGNATURE.length);
    int start = beginChunk(HEADER);
    out.appendInt(widthPx);
    out.appendInt(heightPx);
    out.append(8); // Bits.
    out.append(2); // Red, green, blue.
    out.append(0); // Deflate.
    out.append(0); // A filter for each row.
    out.append(0); // Not interlaced.
    endChunk(start);
    int data = beginChunk(DATA);
    out.append(0x78); // Deflate with a window of 32 kB,
    out.append(0x01); // the fastest, and what makes both a multiple of 31.
    endChunk(data);
  }

  private void writeBand(I420Frame picture, int index) {
    int top = index * BAND_ROWS;
    BgrPicture pixels = index == bands - 1 ? lastBand : band;
    Bt601.toBgr(picture, new Rect(0, top, widthPx, top + pixels.heightPx()), pixels);
    int count = filter(pixels);
    adler.reset();
    adler.update(filtered, 0, count);
    partSums[index] = (int) adler.getValue();
    int start = beginChunk(DATA);
    deflater.reset();
    deflater.setInput(filtered, 0, count);
    while (true) {
      out.reserve(count / 2);
      int at = out.length();
      int room = out.data().length - at;
      int made = deflater.deflate(out.data(), at, room, Deflater.FULL_FLUSH);
      out.extend(made);
      if (made < room) {
        break;
      }
    }
    endChunk(start);
  }

  /** The difference from the pixel above, in a band's first row from the one to the left. */
  private int filter(BgrPicture pixels) {
    byte[] bgr = pixels.data();
    int stride = BYTES_PER_PIXEL * widthPx;
    int at = 0;
    filtered[at++] = SUB;
    for (int i = 0; i < stride; i += BYTES_PER_PIXEL) {
      boolean first = i == 0;
      filtered[at++] = (byte) (bgr[i + 2] - (first ? 0 : bgr[i - 1]));
      filtered[at++] = (byte) (bgr[i + 1] - (first ? 0 : bgr[i - 2]));
      filtered[at++] = (byte) (bgr[i] - (first ? 0 : bgr[i - 3]));
    }
    for (int row = stride; row < stride * pixels.heightPx(); row += stride) {
      filtered[at++] = UP;
      for (int i = row; i < row + stride; i += BYTES_PER_PIXEL) {
        filtered[at++] = (byte) (bgr[i + 2] - bgr[i + 2 - stride]);
        filtered[at++] = (byte) (bgr[i + 1] - bgr[i + 1 - stride]);
        filtered[at++] = (byte) (bgr[i] - bgr[i - stride]);
      }
    }
    return at;
  }

  private void writeEnd() {
    int data = beginChunk(DATA);
    out.append(0x03); // An empty last block.
    out.append(0x00);
    int sum = 1;
    for (int i = 0; i < bands; i++) {
      int rows = i == bands - 1 ? lastBand.heightPx() : BAND_ROWS;
      sum = AdlerSums.joined(sum, partSums[i], rows * rowBytes());
    }
    out.appendInt(sum);
    endChunk(data);
    endChunk(beginChunk(END));
  }

  /** Returns where the chunk begins. */
  private int beginChunk(byte[] type) {
    int start = out.extend(Integer.BYTES);
    out.append(type, 0, type.length);
    return start;
  }

  private void endChunk(int start) {
    int typeAt = start + Integer.BYTES;
    int count = out.length() - typeAt;
    out.putInt(start, count - Integer.BYTES);
    crc.reset();
    crc.update(out.data(), typeAt, count);
    out.appendInt((int) crc.getValue());
  }

  @Override
  public void close() {
    deflater.end();
  }
}
