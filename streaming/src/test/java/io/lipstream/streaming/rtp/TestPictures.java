package io.lipstream.streaming.rtp;

import io.lipstream.streaming.live.LiveVideoCodec;
import java.util.Random;

/** Bytes that travel like encoded pictures and carry a number. */
final class TestPictures {
  private static final int[] PARAMETER_SETS = {
    0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 0x8c, 0, 0, 0, 1, 0x68, 0xce, 0x3c, 0x80
  };

  private TestPictures() {}

  static void fill(
      LiveVideoCodec codec, byte[] data, int length, boolean key, int number, Random random) {
    byte[] noise = new byte[length];
    random.nextBytes(noise);
    for (int i = 0; i < length; i++) {
      data[i] = (byte) (noise[i] | 1); // no start codes by accident, no zeros at the end
    }
    if (codec == LiveVideoCodec.VP8) {
      data[0] = (byte) (key ? 0x10 : 0x11);
      BigEndian.put32(data, 1, number);
      return;
    }
    int at = 0;
    if (key) {
      for (int b : PARAMETER_SETS) {
        data[at++] = (byte) b;
      }
    }
    BigEndian.put32(data, at, 1);
    data[at + 4] = (byte) (key ? 0x65 : 0x41);
    // Seven bits a byte, each with its lowest bit set: never a start code.
    for (int i = 0; i < 4; i++) {
      data[at + 5 + i] = (byte) ((number >> (21 - 7 * i) & 0x7f) << 1 | 1);
    }
  }

  static int number(LiveVideoCodec codec, byte[] data) {
    if (codec == LiveVideoCodec.VP8) {
      return BigEndian.i32(data, 1);
    }
    int at = (data[4] & 31) == 7 ? PARAMETER_SETS.length : 0;
    int number = 0;
    for (int i = 0; i < 4; i++) {
      number = number << 7 | (data[at + 5 + i] & 0xff) >> 1;
    }
    return number;
  }
}
