package io.lipstream.media.talk;

import java.time.Duration;

/**
 * When someone's turn begins and ends.
 *
 * @param speechProbability from which a window counts as speech
 * @param bargeInProbability the same while the avatar can be heard, higher
 * @param minimumSpeech what must be spoken for a turn to begin; less is a cough
 * @param bargeInSpeech the same while the avatar can be heard, longer
 * @param endSilence after which a turn is over
 * @param preRoll sound before the first speech that belongs to a turn
 * @param longestTurn after which a turn is ended whatever is heard
 * @param echoGuard whether sound that resembles what the avatar just said is held for its echo
 */
public record TurnSettings(
    double speechProbability,
    double bargeInProbability,
    Duration minimumSpeech,
    Duration bargeInSpeech,
    Duration endSilence,
    Duration preRoll,
    Duration longestTurn,
    boolean echoGuard) {

  /** What suits a person at a computer. */
  public static final TurnSettings DEFAULT =
      new TurnSettings(
          0.5,
          0.7,
          Duration.ofMillis(100),
          Duration.ofMillis(250),
          Duration.ofMillis(700),
          Duration.ofMillis(300),
          Duration.ofSeconds(60),
          true);

  public TurnSettings {
    requireProbability("speechProbability", speechProbability);
    requireProbability("bargeInProbability", bargeInProbability);
    requireDuration("minimumSpeech", minimumSpeech);
    requireDuration("bargeInSpeech", bargeInSpeech);
    requireDuration("endSilence", endSilence);
    requireDuration("preRoll", preRoll);
    requireDuration("longestTurn", longestTurn);
  }

  private static void requireProbability(String name, double value) {
    if (!(value > 0 && value < 1)) {
      throw new IllegalArgumentException(name + " must lie between 0 and 1: " + value);
    }
  }

  private static void requireDuration(String name, Duration value) {
    if (value.isNegative() || value.compareTo(Duration.ofHours(1)) > 0) {
      throw new IllegalArgumentException(name + " must be from 0 to an hour: " + value);
    }
  }
}
