package io.lipstream.speech.http;

import io.lipstream.media.LipstreamException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A server that speaks OpenAI's protocol and how to talk to it.
 *
 * @param service what is asked of it
 * @param baseUrl http or https; with or without /v1 at its end
 * @param model what the request names, for example tts-1
 * @param apiKey sent as a bearer token; empty to send none
 * @param connectTimeout how long a connection may take
 * @param answerTimeout how long the first byte of an answer may take
 * @param idleTimeout how long the server may pause inside an answer
 * @param retries further tries after a refused connection, 429 or 5xx
 * @param firstBackoff wait before the first retry, doubled for each next one
 */
public record ApiServer(
    ApiService service,
    URI baseUrl,
    String model,
    String apiKey,
    Duration connectTimeout,
    Duration answerTimeout,
    Duration idleTimeout,
    int retries,
    Duration firstBackoff) {
  /** OpenAI's own. */
  public static final String OPENAI_URL = "https://api.openai.com/v1";

  private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

  public ApiServer {
    String scheme = String.valueOf(baseUrl.getScheme()).toLowerCase(Locale.ROOT);
    boolean web = scheme.equals("http") || scheme.equals("https");
    if (!web || baseUrl.getHost() == null) {
      throw unusable(
          service,
          withoutUserInfo(baseUrl),
          "it must start with http:// or https:// and name a host");
    }
    if (baseUrl.getUserInfo() != null) {
      throw unusable(
          service,
          withoutUserInfo(baseUrl),
          "put the key into the environment variable "
              + service.keyVariable()
              + " instead of the address");
    }
    if (apiKey.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "the key of the "
              + service.title()
              + " has a space, a line break or a character outside ASCII",
          "check " + service.keyVariable() + " or OPENAI_API_KEY");
    }
    if (retries < 0) {
      throw new IllegalArgumentException("retries must not be negative: " + retries);
    }
  }

  /**
   * A server with the usual timeouts, its key from the environment: the service's own variable,
   * else OPENAI_API_KEY, the latter only over https or to this machine.
   *
   * @param url the address as the user typed it; empty for OpenAI's own
   * @param environment usually System.getenv()
   */
  public static ApiServer at(
      ApiService service, String url, String model, Map<String, String> environment) {
    URI uri = parse(service, url.isEmpty() ? OPENAI_URL : url);
    return new ApiServer(
        service,
        uri,
        model,
        key(service, uri, environment),
        Duration.ofSeconds(10),
        Duration.ofSeconds(120),
        Duration.ofSeconds(60),
        3,
        Duration.ofMillis(500));
  }

  private static URI parse(ApiService service, String url) {
    try {
      return new URI(url.strip());
    } catch (URISyntaxException e) {
      throw unusable(service, url.contains("@") ? "(not shown)" : url, e.getReason());
    }
  }

  private static String key(ApiService service, URI uri, Map<String, String> environment) {
    String own = environment.getOrDefault(service.keyVariable(), "").strip();
    boolean guarded =
        "https".equalsIgnoreCase(uri.getScheme())
            || LOOPBACK.contains(String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT));
    if (!own.isEmpty() || !guarded) {
      return own;
    }
    return environment.getOrDefault("OPENAI_API_KEY", "").strip();
  }

  /** The same server with a key of its own. */
  public ApiServer withKey(String key) {
    return new ApiServer(
        service,
        baseUrl,
        model,
        key,
        connectTimeout,
        answerTimeout,
        idleTimeout,
        retries,
        firstBackoff);
  }

  /** The same server with another model. */
  public ApiServer withModel(String name) {
    return new ApiServer(
        service,
        baseUrl,
        name,
        apiKey,
        connectTimeout,
        answerTimeout,
        idleTimeout,
        retries,
        firstBackoff);
  }

  /** The same server with other patience. */
  public ApiServer withPatience(
      Duration connect, Duration answer, Duration idle, int tries, Duration backoff) {
    return new ApiServer(service, baseUrl, model, apiKey, connect, answer, idle, tries, backoff);
  }

  private static LipstreamException unusable(ApiService service, Object url, String hint) {
    return new LipstreamException(
        LipstreamException.Kind.ENVIRONMENT,
        "the address of the " + service.title() + ", " + url + ", cannot be used",
        hint);
  }

  private static String withoutUserInfo(URI uri) {
    return uri.toString().replaceFirst("//[^/@]*@", "//");
  }

  /** Where requests go. */
  URI endpoint() {
    String text = baseUrl.toString();
    String query = baseUrl.getRawQuery() == null ? "" : "?" + baseUrl.getRawQuery();
    String base = text.replaceFirst("[?#].*$", "").replaceFirst("/+$", "");
    if (base.endsWith(service.path())) {
      return URI.create(base + query);
    }
    return URI.create(base + (base.endsWith("/v1") ? "" : "/v1") + service.path() + query);
  }

  /** Everything but the key. */
  @Override
  public String toString() {
    return "ApiServer[" + service + ", " + baseUrl + ", model " + model + "]";
  }
}
