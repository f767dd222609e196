package io.lipstream.speech;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Small wav files for tests. */
final class WavBytes {
  private WavBytes() {}

  static byte[] pcm16(int sampleRateHz, int channels, int... samples) {
    return wav(1, sampleRateHz, channels, 16, new byte[0], samples.length * 2L, shorts(samples));
  }

  /** As a server writes it that does not know the length yet. */
  static byte[] streamed(int sampleRateHz, int... samples) {
    return wav(1, sampleRateHz, 1, 16, new byte[0], 0xFFFF_FFFFL, shorts(samples));
  }

  /**
   * @param extraChunk whole chunks that stand between format and data
   */
  static byte[] wav(
      int coding,
      int sampleRateHz,
      int channels,
      int bits,
      byte[] extraChunk,
      long dataLength,
      byte[] data) {
    ByteBuffer wav =
        ByteBuffer.allocate(44 + extraChunk.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    wav.put(ascii("RIFF")).putInt((int) (dataLength + 36)).put(ascii("WAVEfmt ")).putInt(16);
    wav.putShort((short) coding).putShort((short) channels).putInt(sampleRateHz);
    wav.putInt(sampleRateHz * channels * bits / 8);
    wav.putShort((short) (channels * bits / 8)).putShort((short) bits);
    wav.put(extraChunk).put(ascii("data")).putInt((int) dataLength).put(data);
    return wav.array();
  }

  static byte[] shorts(int... samples) {
    ByteBuffer bytes = ByteBuffer.allocate(samples.length * 2).order(ByteOrder.LITTLE_ENDIAN);
    for (int sample : samples) {
      bytes.putShort((short) sample);
    }
    return bytes.array();
  }

  static byte[] ascii(String text) {
    return text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
  }
}
