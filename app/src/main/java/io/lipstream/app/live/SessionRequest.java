package io.lipstream.app.live;

import io.lipstream.app.quality.Importance;

/**
 * What a session is to be.
 *
 * @param look what it shows at first
 * @param voice a name that the speech synthesiser knows, or empty for its own
 * @param importance who is served first when not everybody can be at their best
 */
public record SessionRequest(Look look, String voice, Importance importance) {

  /** As important as most. */
  public SessionRequest(Look look, String voice) {
    this(look, voice, Importance.NORMAL);
  }

  /** An avatar before its own background. */
  public SessionRequest(String avatar, String voice) {
    this(new Look(avatar, null), voice);
  }
}
