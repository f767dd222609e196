package io.lipstream.app.config;

import java.util.List;

/**
 * How frames of different sessions are gathered into one call of a network.
 *
 * @param maxFrames the most frames of one call
 * @param preferredSizes numbers of frames that a device computes best, such as those of a TensorRT
 *     profile; empty for any
 * @param maxDelayMs the longest a frame waits for company
 */
public record BatchingConfig(int maxFrames, List<Integer> preferredSizes, double maxDelayMs) {
  static final BatchingConfig DEFAULT = new BatchingConfig(8, List.of(), 30);

  public BatchingConfig {
    preferredSizes = List.copyOf(preferredSizes);
    Check.range("max_frames", maxFrames, 1, 256);
    for (int size : preferredSizes) {
      Check.range("preferred_sizes", size, 1, maxFrames);
    }
    Check.range("max_delay_ms", maxDelayMs, 0, 10_000);
  }
}
