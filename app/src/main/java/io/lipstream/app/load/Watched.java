package io.lipstream.app.load;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** What one viewer saw and heard between two moments, and how even it was. */
final class Watched {
  static final long FRAME_NANOS = 40_000_000;

  /** A browser's jitter buffer hides less than this. */
  static final long FREEZE_NANOS = 200_000_000;

  /** Arrivals within so long are counted for a frame rate; shorter, and jitter counts as loss. */
  static final long RATE_NANOS = 2_000_000_000;

  private final Arrivals noted;
  private final long fromNanos;
  private final long toNanos;

  Watched(Arrivals noted, long fromNanos, long toNanos) {
    this.noted = noted;
    this.fromNanos = fromNanos;
    this.toNanos = toNanos;
  }

  private boolean isWithin(long nanos) {
    return nanos >= fromNanos && nanos < toNanos;
  }

  /** Frames a second in each two seconds, to the nearest whole number. */
  double[] framesPerSecond() {
    // Whoever waited for the last moment woke up to a millisecond early.
    int[] counts = new int[(int) ((toNanos - fromNanos + FRAME_NANOS) / RATE_NANOS)];
    for (long moment : noted.pictureNanos()) {
      int window = (int) Math.floorDiv(moment - fromNanos, RATE_NANOS);
      if (window >= 0 && window < counts.length) {
        counts[window]++;
      }
    }
    return Arrays.stream(counts)
        .mapToDouble(count -> Math.round(count / (RATE_NANOS / 1e9)))
        .toArray();
  }

  /** Times in which no picture came for longer than a browser can hide. */
  int freezes() {
    int found = 0;
    long last = fromNanos;
    for (long moment : noted.pictureNanos()) {
      if (isWithin(moment)) {
        found += moment - last > FREEZE_NANOS ? 1 : 0;
        last = moment;
      }
    }
    return found + (toNanos - last > FREEZE_NANOS ? 1 : 0);
  }

  int pictures() {
    return (int) LongStream.of(noted.pictureNanos()).filter(this::isWithin).count();
  }

  /** Frames whose moment passed without a picture, by the pictures' own times. */
  int missing() {
    return steps().map(step -> Math.max(0, step - 1)).sum();
  }

  /** Pictures that came for a frame that had one, or for one before. */
  int doubled() {
    return (int) steps().filter(step -> step < 1).count();
  }

  /** By how many frames each picture is later than the one before. */
  private IntStream steps() {
    long[] presented = noted.picturePresentationNanos();
    return IntStream.range(1, presented.length)
        .filter(i -> isWithin(noted.pictureNanos()[i]) && presented[i - 1] != Long.MIN_VALUE)
        .map(i -> (int) Math.round((presented[i] - presented[i - 1]) / (double) FRAME_NANOS));
  }

  /**
   * Milliseconds by which pictures came later after their moment than the quickest of all did: the
   * distance of the two clocks is unknown.
   */
  DoubleStream latenessMillis() {
    long quickest = quickest();
    return IntStream.range(0, noted.pictureNanos().length)
        .filter(i -> isWithin(noted.pictureNanos()[i]) && isPresented(i))
        .mapToDouble(i -> (lateness(i) - quickest) / 1e6);
  }

  private boolean isPresented(int picture) {
    return noted.picturePresentationNanos()[picture] != Long.MIN_VALUE;
  }

  private long lateness(int picture) {
    return noted.pictureNanos()[picture] - noted.picturePresentationNanos()[picture];
  }

  private long quickest() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < noted.pictureNanos().length; i++) {
      least = isPresented(i) ? Math.min(least, lateness(i)) : least;
    }
    return least;
  }

  /** Milliseconds by which pictures came later than the sound that belongs to them. */
  DoubleStream skewMillis() {
    DoubleStream.Builder skews = DoubleStream.builder();
    long[] soundNanos = noted.soundNanos();
    long[] soundPresented = noted.soundPresentationNanos();
    int sound = 0;
    for (int i = 0; i < noted.pictureNanos().length && soundNanos.length > 0; i++) {
      long moment = noted.pictureNanos()[i];
      while (sound + 1 < soundNanos.length && soundNanos[sound + 1] <= moment) {
        sound++;
      }
      if (isWithin(moment) && isPresented(i) && soundPresented[sound] != Long.MIN_VALUE) {
        long late = soundNanos[sound] - soundPresented[sound];
        skews.add(Math.abs(lateness(i) - late) / 1e6);
      }
    }
    return skews.build();
  }
}
