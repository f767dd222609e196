package io.lipstream.streaming.webrtc;

import io.lipstream.streaming.live.OpusDecoder;
import io.lipstream.streaming.rtp.SoundDecoder;

/** Decodes what a browser's microphone sends. */
final class MicrophoneDecoder implements SoundDecoder {
  private final OpusDecoder decoder = OpusDecoder.open();

  @Override
  public int decode(byte[] data, int offset, int length, float[] out) {
    return decoder.decode(data, offset, length, out);
  }

  @Override
  public int conceal(float[] out, int samples) {
    return Math.min(samples, decoder.conceal(out));
  }

  @Override
  public void close() {
    decoder.close();
  }
}
