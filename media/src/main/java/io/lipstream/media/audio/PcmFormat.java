package io.lipstream.media.audio;

/**
 * The shape of a PCM stream.
 *
 * @param sampleRateHz samples a second and channel
 * @param channels 1 (mono) or 2 (left, right)
 */
public record PcmFormat(int sampleRateHz, int channels) {
  /** What the features are computed from. */
  public static final PcmFormat FEATURES = new PcmFormat(16_000, 1);

  public PcmFormat {
    if (sampleRateHz < 1_000 || sampleRateHz > 768_000) {
      throw new IllegalArgumentException("sampleRateHz out of range: " + sampleRateHz);
    }
    if (channels != 1 && channels != 2) {
      throw new IllegalArgumentException("channels must be 1 or 2, not " + channels);
    }
  }
}
