package io.lipstream.streaming.rtp;

/**
 * Opus packets to samples, with a guess where a packet is missing; used by one thread at a time.
 */
public interface SoundDecoder extends AutoCloseable {

  /** The most samples of one packet: 120 ms at 48 kHz (RFC 6716, section 2.1.4). */
  int MAX_SAMPLES = 5_760;

  /**
   * Decodes one packet.
   *
   * @param out room for {@link #MAX_SAMPLES}; mono, in [-1, 1], at 48 kHz
   * @return how many samples there are; 0 for a packet that is no Opus
   */
  int decode(byte[] data, int offset, int length, float[] out);

  /**
   * Continues the sound plausibly.
   *
   * @param samples how many, a multiple of 120 (2.5 ms)
   * @return how many were made
   */
  int conceal(float[] out, int samples);

  @Override
  void close();
}
