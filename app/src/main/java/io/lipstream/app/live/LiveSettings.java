package io.lipstream.app.live;

import io.lipstream.app.quality.QualitySettings;
import io.lipstream.inference.EngineOptions;
import io.lipstream.media.avatar.FrameBounds;
import io.lipstream.media.talk.TurnSettings;
import io.lipstream.streaming.rtp.PlayoutSettings;
import java.time.Duration;

/**
 * How sessions behave.
 *
 * @param maxSessions at once; more are refused
 * @param idleTimeout after which a session that nobody watches or uses is closed
 * @param bitrateBps of a speaking session's pictures before the viewer's connection is known
 * @param instructions for the language model, which nobody hears; empty for none
 * @param playout how much of a live sound from outside waits before it is spoken
 * @param options how an avatar's audio encoder is run and which of its generators is taken
 * @param quality what is done when many speak
 * @param frames how much memory avatars' frames may take
 */
public record LiveSettings(
    int maxSessions,
    Duration idleTimeout,
    int bitrateBps,
    String instructions,
    TurnSettings turns,
    PlayoutSettings playout,
    EngineOptions options,
    QualitySettings quality,
    FrameBounds frames) {
  public static final LiveSettings DEFAULT =
      new LiveSettings(
          64,
          Duration.ofSeconds(30),
          2_500_000,
          "You are a friendly avatar who is talking with a person. Answer in one to three short"
              + " spoken sentences, without lists or markup.",
          TurnSettings.DEFAULT,
          PlayoutSettings.DEFAULT,
          EngineOptions.cpu());

  /** Settings for a quality that never changes. */
  public LiveSettings(
      int maxSessions,
      Duration idleTimeout,
      int bitrateBps,
      String instructions,
      TurnSettings turns,
      PlayoutSettings playout,
      EngineOptions options) {
    this(
        maxSessions,
        idleTimeout,
        bitrateBps,
        instructions,
        turns,
        playout,
        options,
        QualitySettings.CONSTANT,
        FrameBounds.byDefault());
  }

  public LiveSettings {
    if (maxSessions < 1) {
      throw new IllegalArgumentException("maxSessions must be at least 1: " + maxSessions);
    }
    if (idleTimeout.isNegative() || idleTimeout.isZero()) {
      throw new IllegalArgumentException("idleTimeout must be positive: " + idleTimeout);
    }
    if (bitrateBps < 50_000) {
      throw new IllegalArgumentException("bitrateBps must be at least 50000: " + bitrateBps);
    }
  }
}
