package io.lipstream.app.config;

import io.lipstream.media.talk.TurnSettings;
import java.time.Duration;

/**
 * When the user's turn begins and ends.
 *
 * @param speechProbability from which sound counts as speech
 * @param bargeInProbability the same while the avatar can be heard
 * @param minimumSpeechMs what must be spoken for a turn to begin
 * @param bargeInSpeechMs the same while the avatar can be heard
 * @param endSilenceMs after which a turn is over
 * @param preRollMs sound before the first speech that belongs to a turn
 * @param longestTurnSeconds after which a turn is ended whatever is heard
 * @param echoGuard whether sound like what the avatar just said is held for its echo
 */
public record TurnTakingConfig(
    double speechProbability,
    double bargeInProbability,
    int minimumSpeechMs,
    int bargeInSpeechMs,
    int endSilenceMs,
    int preRollMs,
    int longestTurnSeconds,
    boolean echoGuard) {
  static final TurnTakingConfig DEFAULT =
      new TurnTakingConfig(0.5, 0.7, 100, 250, 700, 300, 60, true);

  public TurnTakingConfig {
    Check.range("turn_taking.speech_probability", speechProbability, 0.01, 0.99);
    Check.range("turn_taking.barge_in_probability", bargeInProbability, 0.01, 0.99);
    Check.range("turn_taking.minimum_speech_ms", minimumSpeechMs, 0, 5_000);
    Check.range("turn_taking.barge_in_speech_ms", bargeInSpeechMs, 0, 5_000);
    Check.range("turn_taking.end_silence_ms", endSilenceMs, 100, 10_000);
    Check.range("turn_taking.pre_roll_ms", preRollMs, 0, 2_000);
    // A recogniser takes two minutes of one utterance.
    Check.range("turn_taking.longest_turn_seconds", longestTurnSeconds, 1, 110);
  }

  /** What it means for a session. */
  public TurnSettings settings() {
    return new TurnSettings(
        speechProbability,
        bargeInProbability,
        Duration.ofMillis(minimumSpeechMs),
        Duration.ofMillis(bargeInSpeechMs),
        Duration.ofMillis(endSilenceMs),
        Duration.ofMillis(preRollMs),
        Duration.ofSeconds(longestTurnSeconds),
        echoGuard);
  }
}
