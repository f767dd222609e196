package io.lipstream.app.live;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.streaming.rtp.PlayoutBuffer;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * What is played of a live sound, at the pace of the clock: each read waits until 20 ms more are
 * due. It ends with the sound, or after a second of silence.
 */
final class LiveSource implements PcmSource {
  private static final long STRETCH_NANOS = 20_000_000;
  private static final long LONGEST_BACKLOG_NANOS = 500_000_000;
  private static final int SILENT_STRETCHES = 50;
  private static final float SILENCE = 0.001f;

  private final PcmFormat format;
  private final PlayoutBuffer buffer;
  private final LongSupplier clock;
  private final LongConsumer underrun;
  private boolean begun;
  private long nextNanos;
  private int silent;
  private long underruns;
  private volatile boolean atEnd;

  /**
   * A source at its beginning.
   *
   * @param buffer closed with the source
   * @param underrun told how many there were whenever there is one more
   */
  LiveSource(PcmFormat format, PlayoutBuffer buffer, LongSupplier clock, LongConsumer underrun) {
    this.format = format;
    this.buffer = buffer;
    this.clock = clock;
    this.underrun = underrun;
  }

  @Override
  public PcmFormat format() {
    return format;
  }

  @Override
  public int read(float[] interleaved, int maxFrames) {
    int stretch = buffer.stretchSamples();
    if (maxFrames < stretch) {
      throw new IllegalArgumentException(maxFrames + " frames have no room for " + stretch);
    }
    boolean more = pull(interleaved);
    // Until enough waits there is nothing to hear.
    while (more && !begun && !buffer.isPlaying() && silent < SILENT_STRETCHES) {
      more = pull(interleaved);
    }
    begun = true;
    if (!more || silent >= SILENT_STRETCHES) {
      buffer.end();
      atEnd = true;
      return -1;
    }
    return stretch;
  }

  private boolean pull(float[] out) {
    await();
    boolean more = buffer.pull(out, clock.getAsLong());
    silent = isSilent(out) ? silent + 1 : 0;
    long count = buffer.statistics().underruns();
    if (count > underruns) {
      underruns = count;
      underrun.accept(count);
    }
    return more;
  }

  private void await() {
    long now = clock.getAsLong();
    if (nextNanos == 0 || now - nextNanos > LONGEST_BACKLOG_NANOS) {
      nextNanos = now;
    }
    try {
      TimeUnit.NANOSECONDS.sleep(nextNanos - now);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT, "interrupted while waiting for sound", "", e);
    }
    nextNanos += STRETCH_NANOS;
  }

  private boolean isSilent(float[] out) {
    for (int i = 0; i < buffer.stretchSamples(); i++) {
      if (Math.abs(out[i]) > SILENCE) {
        return false;
      }
    }
    return true;
  }

  /** Whether it was read to its end, or ended by itself. */
  boolean isAtEnd() {
    return atEnd;
  }

  @Override
  public OptionalLong expectedFrames() {
    return OptionalLong.empty();
  }

  @Override
  public void close() {
    buffer.close();
  }
}
