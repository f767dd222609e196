package io.lipstream.app.config;

import java.util.List;

/**
 * Who may do what.
 *
 * @param token what a caller must bring; empty for no check
 * @param tokenFile a file that holds the token instead
 * @param scope management for calls that change what is loaded or stored, all for every call
 */
public record AuthConfig(Secret token, String tokenFile, String scope) {
  static final AuthConfig DEFAULT = new AuthConfig(Secret.NONE, "", "management");

  /** Characters of the shortest token. */
  public static final int SHORTEST = 16;

  public AuthConfig {
    Check.that(
        !token.isPresent() || tokenFile.isEmpty(),
        "auth.token_file",
        "and auth.token cannot both be set: keep one");
    Check.that(
        !token.isPresent() || token.value().length() >= SHORTEST,
        "auth.token",
        "must have at least " + SHORTEST + " characters; openssl rand -hex 24 makes one");
    Check.oneOf("auth.scope", scope, List.of("management", "all"));
  }
}
