package io.lipstream.media.avatar;

/**
 * How much memory avatars' frames may take.
 *
 * @param framesOfOne decoded frames of one avatar, at least eight
 * @param bytes of all avatars together
 */
public record FrameBounds(int framesOfOne, long bytes) {
  /** A minute at 25 frames a second. */
  public static final int DEFAULT_FRAMES = 1500;

  /** Fewer would have a loop decode what it has just let go of. */
  public static final int LEAST_FRAMES = 8;

  public FrameBounds {
    if (framesOfOne < LEAST_FRAMES) {
      throw new IllegalArgumentException(
          "framesOfOne must be at least " + LEAST_FRAMES + ": " + framesOfOne);
    }
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes must not be negative: " + bytes);
    }
  }

  /** Half of Java's heap. */
  public static FrameBounds byDefault() {
    return new FrameBounds(DEFAULT_FRAMES, Runtime.getRuntime().maxMemory() / 2);
  }
}
