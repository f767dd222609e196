package io.lipstream.streaming.file;

/**
 * Frames a second as a fraction, so that 29.97 (30000/1001) keeps its exact time.
 *
 * @param numerator frames
 * @param denominator in so many seconds
 */
public record FrameRate(int numerator, int denominator) {
  private static final int MAX_FRAMES_PER_SECOND = 240;

  public FrameRate {
    if (numerator <= 0
        || denominator <= 0
        || numerator > (long) MAX_FRAMES_PER_SECOND * denominator
        || denominator > numerator) {
      throw new IllegalArgumentException(
          "frame rate out of range 1-%d: %d/%d"
              .formatted(MAX_FRAMES_PER_SECOND, numerator, denominator));
    }
  }

  public static FrameRate of(int framesPerSecond) {
    return new FrameRate(framesPerSecond, 1);
  }

  public double perSecond() {
    return (double) numerator / denominator;
  }
}
