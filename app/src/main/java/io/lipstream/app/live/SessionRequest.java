package io.lipstream.app.live;

/**
 * What a session is to be.
 *
 * @param look what it shows at first
 * @param voice a name that the speech synthesiser knows, or empty for its own
 */
public record SessionRequest(Look look, String voice) {

  /** An avatar before its own background. */
  public SessionRequest(String avatar, String voice) {
    this(new Look(avatar, null), voice);
  }
}
