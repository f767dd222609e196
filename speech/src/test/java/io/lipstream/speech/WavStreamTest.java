package io.lipstream.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WavStreamTest {

  @Test
  void mixesStereoDownToMono() throws IOException {
    byte[] wav = WavBytes.pcm16(44_100, 2, 16_384, 0, -16_384, 16_384);
    assertThat(read(wav)).containsExactly(0.25f, 0f);
  }

  @Test
  void readsFloats() throws IOException {
    ByteBuffer data = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    data.putFloat(0.25f).putFloat(-3f).putFloat(Float.NaN).putFloat(1f);
    byte[] wav = WavBytes.wav(3, 48_000, 1, 32, new byte[0], 16, data.array());
    assertThat(read(wav)).containsExactly(0.25f, -1f, 0f, 1f);
  }

  @Test
  void readsEightTwentyFourAndThirtyTwoBits() throws IOException {
    byte[] eight = WavBytes.wav(1, 8_000, 1, 8, new byte[0], 2, new byte[] {0, (byte) 192});
    assertThat(read(eight)).containsExactly(-1f, 0.5f);
    byte[] data24 = {0, 0, 0x40, 0, 0, (byte) 0xC0};
    assertThat(read(WavBytes.wav(1, 8_000, 1, 24, new byte[0], 6, data24)))
        .containsExactly(0.5f, -0.5f);
    byte[] data32 = {0, 0, 0, 0x40};
    assertThat(read(WavBytes.wav(1, 8_000, 1, 32, new byte[0], 4, data32))).containsExactly(0.5f);
  }

  @Test
  void skipsChunksBeforeTheSoundAndIgnoresThoseAfter() throws IOException {
    byte[] list = concat(WavBytes.ascii("LIST"), new byte[] {3, 0, 0, 0, 'a', 'b', 'c', 0});
    byte[] data = concat(WavBytes.shorts(16_384), WavBytes.ascii("LIST"), new byte[8]);
    assertThat(read(WavBytes.wav(1, 24_000, 1, 16, list, 2, data))).containsExactly(0.5f);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 0xFFFF_FFFFL, 0x7FFF_FFFFL, 0x7FFF_F000L, 0xFFFF_FFDBL})
  void readsToTheEndWhereTheLengthIsNotKnown(long length) throws IOException {
    byte[] data = WavBytes.shorts(16_384, -16_384);
    assertThat(read(WavBytes.wav(1, 24_000, 1, 16, new byte[0], length, data)))
        .containsExactly(0.5f, -0.5f);
  }

  @Test
  void readsTheExtensibleFormat() throws IOException {
    ByteBuffer wav = ByteBuffer.allocate(12 + 8 + 40 + 8 + 2).order(ByteOrder.LITTLE_ENDIAN);
    wav.put(WavBytes.ascii("RIFF")).putInt(-1).put(WavBytes.ascii("WAVEfmt ")).putInt(40);
    wav.putShort((short) 0xFFFE).putShort((short) 1).putInt(16_000).putInt(32_000);
    wav.putShort((short) 2).putShort((short) 16).putShort((short) 22).putShort((short) 16);
    wav.putInt(4).putShort((short) 1).put(new byte[14]);
    wav.put(WavBytes.ascii("data")).putInt(2).putShort((short) 16_384);
    assertThat(read(wav.array())).containsExactly(0.5f);
  }

  @Test
  void readsTheSameHoweverTheBytesArrive() throws IOException {
    long seed = 7;
    Random random = new Random(seed);
    byte[] data = new byte[100_002];
    random.nextBytes(data);
    byte[] wav = WavBytes.wav(1, 24_000, 2, 24, new byte[0], data.length, data);
    InputStream dribble =
        new ByteArrayInputStream(wav) {
          @Override
          public synchronized int read(byte[] bytes, int offset, int length) {
            return super.read(bytes, offset, Math.min(length, 1 + random.nextInt(5_000)));
          }
        };
    assertThat(samples(WavStream.open(dribble))).as("seed %d", seed).isEqualTo(read(wav));
  }

  @Test
  void refusesACodingItDoesNotKnow() {
    byte[] law = WavBytes.wav(7, 8_000, 1, 8, new byte[0], 1, new byte[] {1});
    assertThatThrownBy(() -> read(law))
        .isInstanceOf(WavStream.FormatException.class)
        .hasMessageContaining("coding 7");
  }

  @Test
  void endsInAnErrorForEveryCutHeader() {
    byte[] wav = WavBytes.pcm16(24_000, 1, 1, 2, 3);
    for (int length = 0; length < 44; length++) {
      byte[] cut = Arrays.copyOf(wav, length);
      assertThatThrownBy(() -> read(cut)).as("%d bytes", length).isInstanceOf(IOException.class);
    }
  }

  private static float[] read(byte[] wav) throws IOException {
    return samples(WavStream.open(new ByteArrayInputStream(wav)));
  }

  private static float[] samples(WavStream stream) throws IOException {
    float[] all = new float[0];
    float[] piece = stream.next();
    while (piece.length > 0) {
      int before = all.length;
      all = Arrays.copyOf(all, before + piece.length);
      System.arraycopy(piece, 0, all, before, piece.length);
      piece = stream.next();
    }
    return all;
  }

  private static byte[] concat(byte[]... parts) {
    int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
    ByteBuffer all = ByteBuffer.allocate(length);
    for (byte[] part : parts) {
      all.put(part);
    }
    return all.array();
  }
}
