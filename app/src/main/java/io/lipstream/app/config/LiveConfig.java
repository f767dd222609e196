package io.lipstream.app.config;

import java.util.List;

/**
 * Live sessions.
 *
 * @param avatar whom the page shows first
 * @param hiddenAvatars names that the page does not offer, though they can be asked for
 * @param maxSessions at once; more are refused
 * @param idleTimeoutSeconds after which a session that nobody watches or uses is closed
 * @param bitrateKbps of pictures before the viewer's connection is known
 * @param quality what is done when many speak
 */
public record LiveConfig(
    String avatar,
    List<String> hiddenAvatars,
    int maxSessions,
    int idleTimeoutSeconds,
    int bitrateKbps,
    QualityConfig quality) {
  static final LiveConfig DEFAULT =
      new LiveConfig("ada", List.of("tiny"), 64, 30, 2500, QualityConfig.DEFAULT);

  public LiveConfig {
    hiddenAvatars = List.copyOf(hiddenAvatars);
    Check.that(!avatar.isBlank(), "live.avatar", "must name an avatar such as ada");
    Check.range("live.max_sessions", maxSessions, 1, 10_000);
    Check.range("live.idle_timeout_seconds", idleTimeoutSeconds, 5, 86_400);
    Check.range("live.bitrate_kbps", bitrateKbps, 50, 50_000);
  }

  /** The same with another avatar first. */
  public LiveConfig withAvatar(String other) {
    return new LiveConfig(
        other, hiddenAvatars, maxSessions, idleTimeoutSeconds, bitrateKbps, quality);
  }
}
