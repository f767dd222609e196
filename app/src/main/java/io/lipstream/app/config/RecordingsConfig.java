package io.lipstream.app.config;

/**
 * Recordings of sessions.
 *
 * @param maxMinutes after which one ends by itself
 * @param atOnce how many may be under way; each encodes pictures of its own
 */
public record RecordingsConfig(int maxMinutes, int atOnce) {
  static final RecordingsConfig DEFAULT = new RecordingsConfig(60, 4);

  public RecordingsConfig {
    Check.range("recordings.max_minutes", maxMinutes, 1, 24 * 60);
    Check.range("recordings.at_once", atOnce, 0, 1_000);
  }
}
