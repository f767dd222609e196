package io.lipstream.app.live;

/**
 * What a session is to be.
 *
 * @param avatar a name of the catalogue
 * @param voice a name that the speech synthesiser knows, or empty for its own
 */
public record SessionRequest(String avatar, String voice) {
  public SessionRequest {
    if (avatar.isBlank()) {
      throw new IllegalArgumentException("a session needs an avatar");
    }
  }
}
