package io.lipstream.speech;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Sound read from a stream of wav or bare PCM while it arrives, mixed down to mono.
 *
 * <p>Servers that stream cannot know a wav's length when they write its header: a length of zero or
 * of about two or four gigabytes means "until the end". Chunks before the data are skipped.
 */
final class WavStream {
  private static final int PCM = 1;
  private static final int FLOAT = 3;
  private static final int EXTENSIBLE = 0xFFFE;
  private static final long UNKNOWN_LENGTH = 0x7FFF_0000L;
  private static final int MAX_FORMAT_BYTES = 1_024;
  private static final int MAX_CHANNELS = 16;

  /** The stream is not sound that can be read; the message says what it is. */
  static final class FormatException extends IOException {
    private static final long serialVersionUID = 1L;

    FormatException(String message) {
      super(message);
    }
  }

  private final InputStream in;
  private final int sampleRateHz;
  private final int channels;
  private final int bytesPerSample;
  private final boolean floats;
  private long bytesLeft;
  private final byte[] buffer;
  private int buffered;

  private WavStream(
      InputStream in,
      int sampleRateHz,
      int channels,
      int bytesPerSample,
      boolean floats,
      long bytesLeft) {
    this.in = in;
    this.sampleRateHz = sampleRateHz;
    this.channels = channels;
    this.bytesPerSample = bytesPerSample;
    this.floats = floats;
    this.bytesLeft = bytesLeft;
    // A quarter of a second: small enough to pass sound on early.
    this.buffer = new byte[Math.max(64, sampleRateHz / 4) * channels * bytesPerSample];
  }

  /** Mono signed 16-bit little-endian samples without a header. */
  static WavStream bare(InputStream in, int sampleRateHz) {
    return new WavStream(in, sampleRateHz, 1, 2, false, Long.MAX_VALUE);
  }

  /**
   * Reads a wav's header up to its samples.
   *
   * @throws FormatException if this is no wav, or one in a coding other than PCM and float
   */
  static WavStream open(InputStream in) throws IOException {
    byte[] start = in.readNBytes(12);
    String magic = new String(start, StandardCharsets.ISO_8859_1);
    if (start.length < 12
        || !(magic.startsWith("RIFF") || magic.startsWith("RF64"))
        || !magic.endsWith("WAVE")) {
      throw new FormatException("it is " + describe(start) + ", not a wav");
    }
    ByteBuffer format = null;
    while (true) {
      ByteBuffer head = ByteBuffer.wrap(exactly(in, 8)).order(ByteOrder.LITTLE_ENDIAN);
      int id = head.getInt();
      long length = Integer.toUnsignedLong(head.getInt());
      if (id == 0x20746D66) { // "fmt "
        if (length < 16 || length > MAX_FORMAT_BYTES) {
          throw new FormatException("its wav header has a format of " + length + " bytes");
        }
        format = ByteBuffer.wrap(exactly(in, (int) length)).order(ByteOrder.LITTLE_ENDIAN);
        in.skipNBytes(length & 1);
      } else if (id == 0x61746164) { // "data"
        if (format == null) {
          throw new FormatException("its wav header names no format");
        }
        return samples(in, format, length);
      } else {
        in.skipNBytes(length + (length & 1));
      }
    }
  }

  private static byte[] exactly(InputStream in, int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new EOFException("it ends inside the wav header");
    }
    return bytes;
  }

  private static WavStream samples(InputStream in, ByteBuffer format, long length)
      throws FormatException {
    int coding = Short.toUnsignedInt(format.getShort(0));
    int channels = Short.toUnsignedInt(format.getShort(2));
    int sampleRateHz = format.getInt(4);
    int bits = Short.toUnsignedInt(format.getShort(14));
    if (coding == EXTENSIBLE && format.capacity() >= 26) {
      coding = Short.toUnsignedInt(format.getShort(24));
    }
    boolean known =
        switch (coding) {
          case PCM -> bits == 8 || bits == 16 || bits == 24 || bits == 32;
          case FLOAT -> bits == 32 || bits == 64;
          default -> false;
        };
    if (!known
        || channels < 1
        || channels > MAX_CHANNELS
        || sampleRateHz < 1_000
        || sampleRateHz > 768_000) {
      throw new FormatException(
          "its wav has coding %d, %d bits, %d channels, %d Hz"
              .formatted(coding, bits, channels, sampleRateHz));
    }
    long bytes = length == 0 || length >= UNKNOWN_LENGTH ? Long.MAX_VALUE : length;
    return new WavStream(in, sampleRateHz, channels, bits / 8, coding == FLOAT, bytes);
  }

  private static String describe(byte[] start) {
    String text = new String(start, StandardCharsets.ISO_8859_1);
    if (text.isEmpty()) {
      return "empty";
    }
    if (text.startsWith("ID3") || (start[0] & 0xFF) == 0xFF) {
      return "an mp3";
    }
    if (text.startsWith("OggS") || text.startsWith("fLaC")) {
      return text.startsWith("OggS") ? "an ogg" : "a flac";
    }
    return "\"" + text.replaceAll("[^ -~]", "?") + "...\"";
  }

  int sampleRateHz() {
    return sampleRateHz;
  }

  /**
   * Waits for more sound.
   *
   * @return mono samples in [-1, 1], at least one; empty at the end
   */
  float[] next() throws IOException {
    int frameBytes = channels * bytesPerSample;
    while (buffered < frameBytes) {
      int wanted = (int) Math.min(buffer.length - buffered, bytesLeft);
      int read = wanted == 0 ? -1 : in.read(buffer, buffered, wanted);
      if (read < 0) {
        return new float[0];
      }
      buffered += read;
      bytesLeft -= read;
    }
    int frames = buffered / frameBytes;
    ByteBuffer bytes = ByteBuffer.wrap(buffer).order(ByteOrder.LITTLE_ENDIAN);
    float[] mono = new float[frames];
    for (int frame = 0; frame < frames; frame++) {
      double sum = 0;
      for (int channel = 0; channel < channels; channel++) {
        sum += sample(bytes, frame * frameBytes + channel * bytesPerSample);
      }
      mono[frame] = (float) Math.clamp(sum / channels, -1, 1);
    }
    byte[] rest = Arrays.copyOfRange(buffer, frames * frameBytes, buffered);
    System.arraycopy(rest, 0, buffer, 0, rest.length);
    buffered = rest.length;
    return mono;
  }

  private double sample(ByteBuffer bytes, int at) {
    if (floats) {
      double value = bytesPerSample == 4 ? bytes.getFloat(at) : bytes.getDouble(at);
      return Double.isNaN(value) ? 0 : value;
    }
    return switch (bytesPerSample) {
      case 1 -> ((bytes.get(at) & 0xFF) - 128) / 128.0;
      case 2 -> bytes.getShort(at) / 32_768.0;
      case 3 -> ((bytes.get(at + 2) << 16) | (bytes.getShort(at) & 0xFFFF)) / 8_388_608.0;
      default -> bytes.getInt(at) / 2_147_483_648.0;
    };
  }
}
