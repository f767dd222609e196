package io.lipstream.media.audio;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/** Reads the reference data under golden/mel. */
final class Golden {
  private static final int WAV_HEADER_BYTES = 44;

  private Golden() {}

  static JsonNode facts() {
    try {
      return new ObjectMapper().readTree(bytes("golden.json"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The signal at 16 kHz, without going through any decoder. */
  static float[] signal() {
    ByteBuffer wav = ByteBuffer.wrap(bytes("signal.wav")).order(ByteOrder.LITTLE_ENDIAN);
    float[] samples = new float[(wav.capacity() - WAV_HEADER_BYTES) / 2];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = wav.getShort(WAV_HEADER_BYTES + 2 * i) / 32768f;
    }
    return samples;
  }

  /** Its mel, [rows][80] in one array. */
  static float[] mel() {
    ByteBuffer data = ByteBuffer.wrap(bytes("signal.mel.f32")).order(ByteOrder.LITTLE_ENDIAN);
    float[] mel = new float[data.capacity() / 4];
    data.asFloatBuffer().get(mel);
    return mel;
  }

  static byte[] bytes(String name) {
    String path = "/golden/mel/" + name;
    try (InputStream in = Golden.class.getResourceAsStream(path)) {
      return Objects.requireNonNull(in, path).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
