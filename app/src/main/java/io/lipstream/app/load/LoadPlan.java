package io.lipstream.app.load;

import java.time.Duration;

/**
 * What load is put on a server.
 *
 * @param sessions at once, each with one viewer
 * @param duty the share of time in which each avatar speaks, 0 to 1
 * @param duration of the measurement
 * @param warmUp before it, with the same load
 * @param starts when avatars begin to speak
 * @param seed of those moments
 */
public record LoadPlan(
    String avatar,
    int sessions,
    double duty,
    Duration duration,
    Duration warmUp,
    Starts starts,
    long seed) {

  /** When avatars begin to speak. */
  public enum Starts {
    /** Each when it likes: now and then twice as many speak as in the mean. */
    RANDOM,
    /** In turn, so that about as many speak at any moment. */
    EVEN
  }

  public LoadPlan {
    if (sessions < 1 || sessions > 10_000) {
      throw new IllegalArgumentException("sessions must be from 1 to 10000, not " + sessions);
    }
    if (!(duty >= 0 && duty <= 1)) {
      throw new IllegalArgumentException("the duty must be from 0 to 1, not " + duty);
    }
    if (duration.compareTo(Duration.ofSeconds(2)) < 0
        || duration.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException("the duration must be from 2s to 24h, not " + duration);
    }
    if (warmUp.isNegative() || warmUp.compareTo(Duration.ofHours(1)) > 0) {
      throw new IllegalArgumentException("the warm-up must be from 0s to 1h, not " + warmUp);
    }
  }

  /** The same with so many sessions. */
  public LoadPlan withSessions(int number) {
    return new LoadPlan(avatar, number, duty, duration, warmUp, starts, seed);
  }

  /** The same with another warm-up. */
  public LoadPlan withWarmUp(Duration another) {
    return new LoadPlan(avatar, sessions, duty, duration, another, starts, seed);
  }
}
