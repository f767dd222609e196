package io.lipstream.app;

import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.PcmSource;
import java.util.OptionalLong;

/** Sound from memory, one channel. */
public final class SampleSource implements PcmSource {
  private final PcmFormat format;
  private final float[] samples;
  private int position;

  public SampleSource(int sampleRateHz, float[] samples) {
    this.format = new PcmFormat(sampleRateHz, 1);
    this.samples = samples;
  }

  @Override
  public PcmFormat format() {
    return format;
  }

  @Override
  public int read(float[] interleaved, int maxFrames) {
    int count = Math.min(maxFrames, samples.length - position);
    System.arraycopy(samples, position, interleaved, 0, count);
    position += count;
    return count == 0 ? -1 : count;
  }

  @Override
  public OptionalLong expectedFrames() {
    return OptionalLong.of(samples.length);
  }

  @Override
  public void close() {}
}
