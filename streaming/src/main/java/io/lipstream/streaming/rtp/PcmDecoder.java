package io.lipstream.streaming.rtp;

import java.util.Arrays;

/**
 * Samples of 16 bits, little-endian, one or two channels, to one channel. What is missing is the
 * last period of the sound again and again, fading out; what comes after it is faded in over it.
 */
public final class PcmDecoder implements SoundDecoder {
  private static final int FADE_MILLIS = 60;
  private static final int JOIN_MILLIS = 5;
  private static final int LOWEST_HERTZ = 80;
  private static final int HIGHEST_HERTZ = 400;

  private final int channels;
  private final int fadeSamples;
  private final int joinSamples;
  private final int longestPeriod;
  private final int shortestPeriod;

  /** The newest samples that came, the last one last. */
  private final float[] heard;

  private int period;

  /** Samples made since the last one that came. */
  private int made;

  /**
   * A decoder that heard silence so far.
   *
   * @param channels 1 or 2
   */
  public PcmDecoder(int rateHz, int channels) {
    if (channels != 1 && channels != 2) {
      throw new IllegalArgumentException("one or two channels, not " + channels);
    }
    this.channels = channels;
    fadeSamples = rateHz * FADE_MILLIS / 1_000;
    joinSamples = rateHz * JOIN_MILLIS / 1_000;
    longestPeriod = rateHz / LOWEST_HERTZ;
    shortestPeriod = rateHz / HIGHEST_HERTZ;
    heard = new float[2 * longestPeriod];
  }

  @Override
  public int decode(byte[] data, int offset, int length, float[] out) {
    int samples = Math.min(length / (2 * channels), out.length);
    for (int i = 0; i < samples; i++) {
      int at = offset + 2 * channels * i;
      int sum = sample(data, at);
      if (channels == 2) {
        sum = (sum + sample(data, at + 2)) >> 1;
      }
      out[i] = sum / 32_768f;
    }
    if (made > 0) {
      int join = Math.min(joinSamples, samples);
      for (int i = 0; i < join; i++) {
        float in = (float) i / join;
        out[i] = in * out[i] + (1 - in) * guess(made + i);
      }
      made = 0;
    }
    int keep = Math.min(samples, heard.length);
    System.arraycopy(heard, keep, heard, 0, heard.length - keep);
    System.arraycopy(out, samples - keep, heard, heard.length - keep, keep);
    return samples;
  }

  private static int sample(byte[] data, int at) {
    return (data[at + 1] << 8) | (data[at] & 0xff);
  }

  @Override
  public int conceal(float[] out, int samples) {
    if (made == 0) {
      period = period();
    }
    for (int i = 0; i < samples; i++) {
      out[i] = guess(made + i);
    }
    made += samples;
    return samples;
  }

  private float guess(int after) {
    if (after >= fadeSamples) {
      return 0;
    }
    float loud = 1 - (float) after / fadeSamples;
    return loud * heard[heard.length - period + after % period];
  }

  /** By how much the end of the sound has to be moved to resemble itself most. */
  private int period() {
    int best = longestPeriod;
    double bestLikeness = 0;
    int from = heard.length - longestPeriod;
    for (int lag = shortestPeriod; lag <= longestPeriod; lag++) {
      double both = 0;
      double power = 1e-9;
      for (int i = from; i < heard.length; i++) {
        both += heard[i] * heard[i - lag];
        power += heard[i - lag] * heard[i - lag];
      }
      double likeness = both / Math.sqrt(power);
      // Of two periods that fit, the shorter.
      if (likeness > 1.02 * bestLikeness) {
        bestLikeness = likeness;
        best = lag;
      }
    }
    return best;
  }

  @Override
  public void close() {
    Arrays.fill(heard, 0);
  }
}
