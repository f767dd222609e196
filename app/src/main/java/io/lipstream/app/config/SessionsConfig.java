package io.lipstream.app.config;

import java.util.List;

/**
 * The sessions of the compositing server.
 *
 * @param maxStreams at once
 * @param stalledSeconds how long a client may leave pictures unread
 * @param avatarTimeoutSeconds how long an avatar that nobody uses stays loaded
 * @param preload avatars to load at the start
 */
public record SessionsConfig(
    int maxStreams, int stalledSeconds, int avatarTimeoutSeconds, List<String> preload) {
  static final SessionsConfig DEFAULT = new SessionsConfig(256, 30, 600, List.of());

  public SessionsConfig {
    preload = List.copyOf(preload);
    Check.range("sessions.max_streams", maxStreams, 1, 100_000);
    Check.range("sessions.stalled_seconds", stalledSeconds, 1, 3600);
    Check.range("sessions.avatar_timeout_seconds", avatarTimeoutSeconds, 1, 86_400);
  }
}
