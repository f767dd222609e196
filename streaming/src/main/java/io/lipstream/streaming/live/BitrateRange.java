package io.lipstream.streaming.live;

/**
 * What a feed's pictures may take.
 *
 * @param startBps before any viewer's connection is known
 * @param minBps even if a viewer's connection carries less
 * @param maxBps even if all viewers' connections carry more
 */
public record BitrateRange(int startBps, int minBps, int maxBps) {

  public BitrateRange {
    if (minBps < 10_000 || minBps > startBps || startBps > maxBps) {
      throw new IllegalArgumentException(
          "a bitrate of %d within %d to %d bit/s".formatted(startBps, minBps, maxBps));
    }
  }

  int nearest(int bitsPerSecond) {
    return Math.clamp(bitsPerSecond, minBps, maxBps);
  }
}
