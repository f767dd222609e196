package io.lipstream.app.config;

import io.lipstream.speech.http.ApiServer;
import io.lipstream.speech.http.ApiService;
import java.time.Duration;
import java.util.Map;

/**
 * A server that speaks OpenAI's protocol: OpenAI's own, Ollama, vLLM, llama.cpp and many more.
 *
 * @param url its address; empty for OpenAI's own
 * @param model which of its models is asked
 * @param key its key; empty for the one in the environment
 * @param connectTimeoutSeconds how long a connection may take
 * @param answerTimeoutSeconds how long an answer may take to begin
 * @param idleTimeoutSeconds how long it may pause inside an answer
 * @param retries further tries while it is out of reach, busy or failing
 */
public record ApiServerConfig(
    String url,
    String model,
    Secret key,
    int connectTimeoutSeconds,
    int answerTimeoutSeconds,
    int idleTimeoutSeconds,
    int retries) {
  static final ApiServerConfig DEFAULT = new ApiServerConfig("", "", Secret.NONE, 5, 60, 30, 2);

  private static final Duration FIRST_BACKOFF = Duration.ofMillis(500);

  public ApiServerConfig {
    Check.that(
        url.isEmpty() || url.startsWith("http://") || url.startsWith("https://"),
        "url",
        "must begin with http:// or https://");
    Check.range("connect_timeout_seconds", connectTimeoutSeconds, 1, 600);
    Check.range("answer_timeout_seconds", answerTimeoutSeconds, 1, 3_600);
    Check.range("idle_timeout_seconds", idleTimeoutSeconds, 1, 3_600);
    Check.range("retries", retries, 0, 20);
  }

  /**
   * The server as it is talked to.
   *
   * @param environment where the key is looked up if none is set here, usually System.getenv()
   */
  ApiServer server(ApiService service, Map<String, String> environment) {
    ApiServer server =
        ApiServer.at(service, url, model, environment)
            .withPatience(
                Duration.ofSeconds(connectTimeoutSeconds),
                Duration.ofSeconds(answerTimeoutSeconds),
                Duration.ofSeconds(idleTimeoutSeconds),
                retries,
                FIRST_BACKOFF);
    return key.isPresent() ? server.withKey(key.value()) : server;
  }

  /** Refuses what is set for a server where none is asked. */
  void requireUnused(String section, String engine) {
    Check.that(
        equals(DEFAULT),
        section + ".server",
        "is for " + section + ".engine: openai; remove it, or the engine " + engine);
  }
}
