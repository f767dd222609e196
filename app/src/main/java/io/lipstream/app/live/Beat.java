package io.lipstream.app.live;

import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.FrameClock;
import java.util.function.LongSupplier;

/**
 * The clock that all sessions share: pictures 25 times a second, sound 50 times, each on threads of
 * their own, so that no packet of sound waits for a picture to be encoded.
 *
 * <p>Sounds are numbered from picture 0 on: picture k is seen while sounds 2k and 2k + 1 are heard.
 */
record Beat(LongSupplier clock, FrameClock pictures, FrameClock sounds) implements AutoCloseable {
  static final int PICTURES_PER_SECOND = 25;
  private static final int SOUNDS_PER_SECOND = 50;

  static Beat start(LongSupplier clock) {
    int cores = Runtime.getRuntime().availableProcessors();
    return new Beat(
        clock,
        FrameClock.start("pictures", cores, PICTURES_PER_SECOND, clock),
        FrameClock.start("sounds", Math.ceilDiv(cores, 8), SOUNDS_PER_SECOND, clock));
  }

  long now() {
    return clock.getAsLong();
  }

  /** The first picture whose moment is still to come at that time. */
  long pictureAfter(long nanos) {
    return pictures.frameAt(nanos) + 1;
  }

  /** The sound whose moment is nearest to that time. */
  long soundAt(long nanos) {
    long half = EncodedSound.DURATION_NANOS / 2;
    return Math.floorDiv(nanos - pictures.ptsNanos(0) + half, EncodedSound.DURATION_NANOS);
  }

  long soundPtsNanos(long number) {
    return pictures.ptsNanos(0) + number * EncodedSound.DURATION_NANOS;
  }

  @Override
  public void close() {
    pictures.close();
    sounds.close();
  }
}
