package io.lipstream.app.config;

import java.net.URI;
import java.util.List;
import java.util.Locale;

/**
 * Whom the server tells what happens in sessions, by requests of its own.
 *
 * @param url told of all sessions; empty for nobody
 * @param events what it is told; empty for everything
 * @param secret signs what is sent; empty sends nothing, to nobody
 * @param privateAddresses whether sessions may name servers of private networks and of this machine
 * @param timeoutSeconds for a connection, and again for an answer
 * @param retries how often an event that was not taken is sent again
 */
public record WebhooksConfig(
    String url,
    List<String> events,
    Secret secret,
    boolean privateAddresses,
    int timeoutSeconds,
    int retries) {
  /** What can be told. */
  public static final List<String> EVENTS =
      List.of(
          "state", "heard", "caption", "interrupted", "quality", "failed", "recording", "ended");

  static final WebhooksConfig DEFAULT = new WebhooksConfig("", List.of(), Secret.NONE, false, 5, 4);

  private static final int SHORTEST_SECRET = 16;

  public WebhooksConfig {
    events = events == null ? List.of() : List.copyOf(events);
    Check.that(
        url.isEmpty() || isUrl(url),
        "webhooks.url",
        "must be such as https://example.org/lipstream, not \"" + url + "\"");
    Check.that(
        EVENTS.containsAll(events),
        "webhooks.events",
        "must be out of " + String.join(", ", EVENTS) + ", not " + events);
    Check.that(
        !secret.isPresent() || secret.value().length() >= SHORTEST_SECRET,
        "webhooks.secret",
        "must have at least " + SHORTEST_SECRET + " characters; openssl rand -hex 24 makes one");
    Check.that(
        url.isEmpty() || secret.isPresent(),
        "webhooks.secret",
        "is missing: what is sent to webhooks.url is signed with it");
    Check.range("webhooks.timeout_seconds", timeoutSeconds, 1, 60);
    Check.range("webhooks.retries", retries, 0, 10);
  }

  /** Whether something can be sent there. */
  public static boolean isUrl(String text) {
    try {
      URI url = URI.create(text);
      String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
      return (scheme.equals("http") || scheme.equals("https"))
          && url.getHost() != null
          && url.getRawUserInfo() == null
          && url.getRawFragment() == null
          && url.getPort() <= 65_535
          && url.getPort() != 0;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
