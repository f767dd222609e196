package io.lipstream.speech;

import io.lipstream.media.LipstreamException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A server with {@code POST /v1/audio/speech} and how to talk to it.
 *
 * @param baseUrl http or https; with or without /v1 at its end
 * @param model what the request names, for example tts-1
 * @param voice spoken with when the caller names none
 * @param responseFormat wav (any rate) or pcm (24 kHz, 16 bit, mono)
 * @param apiKey sent as a bearer token; empty to send none
 * @param connectTimeout how long a connection may take
 * @param answerTimeout how long the first byte of an answer may take
 * @param idleTimeout how long the server may pause inside an answer
 * @param retries further tries after a refused connection, 429 or 5xx
 * @param firstBackoff wait before the first retry, doubled for each next one
 */
public record SpeechServer(
    URI baseUrl,
    String model,
    String voice,
    String responseFormat,
    String apiKey,
    Duration connectTimeout,
    Duration answerTimeout,
    Duration idleTimeout,
    int retries,
    Duration firstBackoff) {

  private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

  public SpeechServer {
    String scheme = String.valueOf(baseUrl.getScheme()).toLowerCase(Locale.ROOT);
    boolean web = scheme.equals("http") || scheme.equals("https");
    if (!web || baseUrl.getHost() == null) {
      throw unusable(
          withoutUserInfo(baseUrl), "it must start with http:// or https:// and name a host");
    }
    if (baseUrl.getUserInfo() != null) {
      throw unusable(
          withoutUserInfo(baseUrl),
          "put the key into the environment variable LIPSTREAM_TTS_KEY instead of the address");
    }
    if (!responseFormat.equals("wav") && !responseFormat.equals("pcm")) {
      throw new IllegalArgumentException("responseFormat must be wav or pcm: " + responseFormat);
    }
    if (apiKey.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "the speech server's key has a space, a line break or a character outside ASCII",
          "check LIPSTREAM_TTS_KEY or OPENAI_API_KEY");
    }
    if (retries < 0) {
      throw new IllegalArgumentException("retries must not be negative: " + retries);
    }
  }

  /**
   * A server with the usual timeouts, its key from the environment: LIPSTREAM_TTS_KEY, else
   * OPENAI_API_KEY, the latter only over https or to this machine.
   *
   * @param url the address as the user typed it
   * @param model empty for tts-1
   * @param environment usually System.getenv()
   */
  public static SpeechServer at(String url, String model, Map<String, String> environment) {
    URI uri = parse(url);
    return new SpeechServer(
        uri,
        model.isEmpty() ? "tts-1" : model,
        "alloy",
        "wav",
        key(uri, environment),
        Duration.ofSeconds(10),
        Duration.ofSeconds(120),
        Duration.ofSeconds(60),
        3,
        Duration.ofMillis(500));
  }

  private static URI parse(String url) {
    try {
      return new URI(url.strip());
    } catch (URISyntaxException e) {
      throw unusable(url.contains("@") ? "(not shown)" : url, e.getReason());
    }
  }

  private static String key(URI uri, Map<String, String> environment) {
    String own = environment.getOrDefault("LIPSTREAM_TTS_KEY", "").strip();
    boolean guarded =
        "https".equalsIgnoreCase(uri.getScheme())
            || LOOPBACK.contains(String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT));
    if (!own.isEmpty() || !guarded) {
      return own;
    }
    return environment.getOrDefault("OPENAI_API_KEY", "").strip();
  }

  private static LipstreamException unusable(Object url, String hint) {
    return new LipstreamException(
        LipstreamException.Kind.ENVIRONMENT,
        "the speech server's address " + url + " cannot be used",
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
    if (base.endsWith("/audio/speech")) {
      return URI.create(base + query);
    }
    return URI.create(base + (base.endsWith("/v1") ? "" : "/v1") + "/audio/speech" + query);
  }

  /** Everything but the key. */
  @Override
  public String toString() {
    return "SpeechServer[" + baseUrl + ", model " + model + ", voice " + voice + "]";
  }
}
