package io.lipstream.app.config;

import java.util.List;

/**
 * A key of the HTTP interface.
 *
 * @param name whose it is, for the log
 * @param key what a caller brings
 * @param scopes what it may be used for; {@link #SCOPES}
 */
public record ApiKeyConfig(String name, Secret key, List<String> scopes) {
  /** What there is to be allowed. */
  public static final List<String> SCOPES =
      List.of("create", "sessions", "speak", "avatars", "ops");

  /** Characters of the shortest key. */
  public static final int SHORTEST = 16;

  public ApiKeyConfig {
    scopes = scopes == null ? List.of() : List.copyOf(scopes);
    Check.that(
        name != null && name.matches("[A-Za-z0-9_-]{1,64}"),
        "api.keys",
        "must have names of letters, digits, - and _, not \"" + name + "\"");
    Check.that(
        key != null && key.value().matches("[\\x21-\\x7e]{" + SHORTEST + ",256}"),
        "api.keys",
        "must have keys of at least "
            + SHORTEST
            + " characters without spaces; openssl rand -hex 24 makes one");
    Check.that(
        !scopes.isEmpty() && SCOPES.containsAll(scopes),
        "api.keys",
        "must have scopes out of " + String.join(", ", SCOPES) + ", not " + scopes);
  }
}
