package io.lipstream.speech.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests to one server, again where that may help, and says what went wrong.
 *
 * <p>Thread-safe. An interrupt ends a request and its connection. Redirects are not followed: what
 * is sent and the key go to the address given and nowhere else.
 */
public final class ApiClient implements AutoCloseable {
  private static final int MAX_ERROR_BYTES = 8_192;
  private static final int MAX_ERROR_CHARS = 200;
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ApiServer server;
  private final URI endpoint;
  private final HttpClient client;

  /** The good answer to a request; the reader closes the body, which may end the connection. */
  public record Answer(String contentType, InputStream body) {}

  public ApiClient(ApiServer server) {
    this.server = server;
    this.endpoint = server.endpoint();
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(server.connectTimeout())
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
  }

  public ApiServer server() {
    return server;
  }

  /** As the other, with what JSON stands for. */
  public Answer postJson(Object content) throws InterruptedException {
    try {
      return post("application/json", JSON.writeValueAsBytes(content));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not writable as JSON: " + content, e);
    }
  }

  /**
   * Sends a request; tries again while the server is out of reach, busy or failing.
   *
   * @return the answer as soon as it begins
   * @throws LipstreamException if no good answer begins
   */
  public Answer post(String contentType, byte[] content) throws InterruptedException {
    HttpRequest request = request(contentType, content);
    for (int attempt = 0; ; attempt++) {
      boolean lastAttempt = attempt == server.retries();
      Duration wait = server.firstBackoff().multipliedBy(1L << Math.min(attempt, 10));
      try {
        HttpResponse<InputStream> response =
            client.send(request, info -> new ResponseBody(server.idleTimeout()));
        if (response.statusCode() / 100 == 2) {
          return new Answer(
              response.headers().firstValue("Content-Type").orElse(""), response.body());
        }
        boolean worthRetrying = response.statusCode() == 429 || response.statusCode() >= 500;
        Duration asked = retryAfter(response).orElse(wait);
        if (lastAttempt || !worthRetrying || asked.compareTo(LONGEST_WAIT) > 0) {
          throw refused(response);
        }
        response.body().close();
        wait = asked;
      } catch (HttpTimeoutException e) {
        if (lastAttempt) {
          throw noAnswer("does not answer in time", e);
        }
      } catch (IOException e) {
        if (lastAttempt) {
          throw noAnswer("cannot be reached", e);
        }
      }
      Thread.sleep(wait);
    }
  }

  private HttpRequest request(String contentType, byte[] content) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(endpoint)
            .timeout(server.answerTimeout())
            .header("Content-Type", contentType)
            .POST(HttpRequest.BodyPublishers.ofByteArray(content));
    if (!server.apiKey().isEmpty()) {
      request.header("Authorization", "Bearer " + server.apiKey());
    }
    return request.build();
  }

  private static Optional<Duration> retryAfter(HttpResponse<?> response) {
    return response.headers().firstValue("Retry-After").flatMap(ApiClient::duration);
  }

  private static Optional<Duration> duration(String retryAfter) {
    if (retryAfter.matches("\\d{1,9}")) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(retryAfter)));
    }
    try {
      ZonedDateTime when = ZonedDateTime.parse(retryAfter, DateTimeFormatter.RFC_1123_DATE_TIME);
      Duration wait = Duration.between(ZonedDateTime.now(when.getZone()), when);
      return Optional.of(wait.isNegative() ? Duration.ZERO : wait);
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  private LipstreamException refused(HttpResponse<InputStream> response) {
    int status = response.statusCode();
    String location =
        response.headers().firstValue("Location").map(to -> " (moved to " + to + ")").orElse("");
    ApiService service = server.service();
    String hint =
        switch (status) {
          case 401, 403 ->
              "set "
                  + service.keyVariable()
                  + " (or OPENAI_API_KEY for https) to a key this server accepts";
          case 404, 405 ->
              "check the address, " + service.choices() + "; it must offer /v1" + service.path();
          case 400, 422 -> "check that the server has " + named(service);
          case 429 -> "wait a while or raise the server's limits";
          default ->
              status / 100 == 3 ? "give the address it moved to" : "look at the server's log";
        };
    String said = said(response.body());
    return failure(
        "answered " + status + location + (said.isEmpty() ? "" : ": " + said), hint, null);
  }

  private String named(ApiService service) {
    return service.choices().replace("the model", "the model \"" + server.model() + "\"");
  }

  /** The server's own words: its JSON error message or the text as it came, without the key. */
  private String said(InputStream body) {
    String text;
    try (body) {
      text = new String(body.readNBytes(MAX_ERROR_BYTES), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
    try {
      JsonNode json = JSON.readTree(text);
      JsonNode message = json.path("error").path("message");
      if (!message.isTextual()) {
        message = json.path("error").isTextual() ? json.path("error") : json.path("detail");
      }
      text = message.isTextual() ? message.asText() : text;
    } catch (JsonProcessingException e) {
      // Not JSON: the text speaks for itself.
    }
    return clean(text);
  }

  /** A server's words for a message: one line of bounded length, without the key. */
  private String clean(String words) {
    String text = server.apiKey().isEmpty() ? words : words.replace(server.apiKey(), "***");
    text = text.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
    return text.length() <= MAX_ERROR_CHARS ? text : text.substring(0, MAX_ERROR_CHARS) + "...";
  }

  private LipstreamException noAnswer(String what, IOException cause) {
    return failure(what + reason(cause), "is it running, and is the address right?", cause);
  }

  /** The connection ended inside an answer. */
  public LipstreamException brokenOff(IOException cause) {
    return failure(
        "broke off in the middle of its answer" + reason(cause),
        "try again; look at the server's log if it happens again",
        cause);
  }

  /** The server reports a failure inside an answer that began well. */
  public LipstreamException failed(String itsWords) {
    return failure("failed: " + clean(itsWords), "look at the server's log", null);
  }

  /**
   * The answer makes no sense.
   *
   * @param what what was sent and what is wrong with it: sent sound that cannot be read: ...
   */
  public LipstreamException unreadable(String what, String hint, @Nullable Throwable cause) {
    return failure(clean(what), hint, cause);
  }

  private static String reason(IOException cause) {
    return cause.getMessage() == null ? "" : ": " + cause.getMessage();
  }

  private LipstreamException failure(String what, String hint, @Nullable Throwable cause) {
    String message = "the " + server.service().title() + " " + endpoint + " " + what;
    return cause == null
        ? new LipstreamException(LipstreamException.Kind.ENVIRONMENT, message, hint)
        : new LipstreamException(LipstreamException.Kind.ENVIRONMENT, message, hint, cause);
  }

  /** Ends the connections of answers still being read. */
  @Override
  public void close() {
    client.shutdownNow();
  }
}
