package io.lipstream.app.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executors;

/** The calls of a server's HTTP interface that load needs. Any thread may make them. */
public final class ServerCalls {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Duration ROOM_LIMIT = Duration.ofSeconds(30);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(500);
  private static final int UNAVAILABLE = 503;

  /** The server answered that it cannot take more. */
  public static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
      super(message);
    }
  }

  /**
   * What a session counted since it began.
   *
   * @param underruns stretches of 40 ms without sound that should have been there
   */
  public record Counted(long mouthsDrawn, long mouthsLate, long underruns) {
    static final Counted NOTHING = new Counted(0, 0, 0);

    Counted since(Counted before) {
      return new Counted(
          mouthsDrawn - before.mouthsDrawn,
          mouthsLate - before.mouthsLate,
          underruns - before.underruns);
    }

    Counted and(Counted other) {
      return new Counted(
          mouthsDrawn + other.mouthsDrawn,
          mouthsLate + other.mouthsLate,
          underruns + other.underruns);
    }
  }

  private final URI server;
  private final String key;
  private final HttpClient http =
      HttpClient.newBuilder()
          .connectTimeout(Duration.ofSeconds(30))
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .version(HttpClient.Version.HTTP_1_1)
          .build();

  /**
   * Calls nothing yet.
   *
   * @param key an API key; empty for none
   */
  public ServerCalls(URI server, String key) {
    this.server = server;
    this.key = key;
  }

  /** Fails unless a Lipstream server answers. */
  public void requireServer() throws InterruptedException {
    try {
      call("GET", "/v1/avatars", "application/json", "");
    } catch (RefusedException e) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT, server + " " + e.getMessage(), "try again later", e);
    }
  }

  /** The id of a new session. */
  String create(String avatar) throws InterruptedException, RefusedException {
    String body = json(avatar.isEmpty() ? Map.of() : Map.of("avatar", avatar));
    return read(call("POST", "/v1/sessions", "application/json", body)).path("id").asText();
  }

  /** Waits until the server takes a session again, as it may not right after it had too many. */
  public void awaitRoom(String avatar) throws InterruptedException {
    long until = System.nanoTime() + ROOM_LIMIT.toNanos();
    while (System.nanoTime() < until) {
      try {
        end(create(avatar));
        return;
      } catch (RefusedException e) {
        Thread.sleep(LOOK_AGAIN);
      }
    }
  }

  /** The answer to a viewer's offer. */
  String watch(String session, String offer) throws InterruptedException, RefusedException {
    return call("POST", "/v1/sessions/" + session + "/whep", "application/sdp", offer);
  }

  void say(String session, String text) throws InterruptedException, RefusedException {
    String body = json(Map.of("text", text));
    call("POST", "/v1/sessions/" + session + "/say", "application/json", body);
  }

  /** Lets a session say a recording, a WAV file. */
  void speak(String session, byte[] wav) throws InterruptedException, RefusedException {
    String path = "/v1/sessions/" + session + "/speak";
    call("POST", path, "audio/wav", HttpRequest.BodyPublishers.ofByteArray(wav));
  }

  Counted counted(String session) throws InterruptedException, RefusedException {
    JsonNode found =
        read(call("GET", "/v1/sessions/" + session, "application/json", "")).path("statistics");
    return new Counted(
        found.path("mouthsDrawn").asLong(),
        found.path("mouthsLate").asLong(),
        found.path("soundsMissing").asLong());
  }

  void end(String session) throws InterruptedException, RefusedException {
    call("DELETE", "/v1/sessions/" + session, "application/json", "");
  }

  private String call(String method, String path, String type, String body)
      throws InterruptedException, RefusedException {
    return call(method, path, type, HttpRequest.BodyPublishers.ofString(body));
  }

  private String call(String method, String path, String type, HttpRequest.BodyPublisher body)
      throws InterruptedException, RefusedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.resolve(path))
            .timeout(LIMIT)
            .header("content-type", type)
            .method(method, body);
    if (!key.isEmpty()) {
      request.header("authorization", "Bearer " + key);
    }
    try {
      HttpResponse<String> answer =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() == UNAVAILABLE) {
        throw new RefusedException("has no room: " + answer.body());
      }
      if (answer.statusCode() / 100 != 2) {
        throw new LipstreamException(
            LipstreamException.Kind.ENVIRONMENT,
            method
                + " "
                + path
                + " at "
                + server
                + ": "
                + answer.statusCode()
                + " "
                + answer.body(),
            answer.statusCode() == 401 || answer.statusCode() == 403
                ? "give a key with --key-file"
                : "is it a Lipstream server of this version?");
      }
      return answer.body();
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          server + " does not answer: " + e,
          "start it with lipstream serve, or leave --url out",
          e);
    }
  }

  private static String json(Map<String, String> body) {
    try {
      return JSON.writeValueAsString(body);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private JsonNode read(String body) {
    try {
      return JSON.readTree(body);
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          server + " does not answer in JSON: " + e.getMessage(),
          "is it a Lipstream server of this version?",
          e);
    }
  }
}
