package io.lipstream.app.config;

import io.lipstream.app.live.Recordings;
import java.time.Duration;

/**
 * Recordings of sessions.
 *
 * @param maxMinutes after which one ends by itself
 * @param atOnce how many may be under way; each encodes pictures of its own
 * @param keepDays after which one that has ended is deleted; 0: never
 * @param keepGb that all may take before the oldest that have ended are deleted; 0: any number
 */
public record RecordingsConfig(int maxMinutes, int atOnce, double keepDays, double keepGb) {
  static final RecordingsConfig DEFAULT = new RecordingsConfig(60, 4, 7, 10);

  public RecordingsConfig {
    Check.range("recordings.max_minutes", maxMinutes, 1, 24 * 60);
    Check.range("recordings.at_once", atOnce, 0, 1_000);
    Check.range("recordings.keep_days", keepDays, 0, 36_500);
    Check.range("recordings.keep_gb", keepGb, 0, 1_000_000);
  }

  /** The same, as recordings take it. */
  public Recordings.Limits limits() {
    return new Recordings.Limits(
        Duration.ofMinutes(maxMinutes),
        atOnce,
        Duration.ofMillis(Math.round(keepDays * Duration.ofDays(1).toMillis())),
        Math.round(keepGb * (1L << 30)));
  }
}
