package io.lipstream.app.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lipstream.app.config.ServeConfig;
import io.lipstream.app.config.ServeConfigs;
import io.lipstream.app.server.ServeRole;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.media.avatar.AvatarStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The HTTP interface over its port, with real sessions of the avatar Tiny. */
final class WebPortTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Path AVATARS = Path.of("../avatars");

  @TempDir private static Path data;
  private static ServeRole role;
  private static HttpClient client;

  @BeforeAll
  static void start() {
    ServeConfig config =
        ServeConfigs.parse(
            """
            server: {port: 0, drain_timeout_seconds: 0}
            api: {auth: false, requests_per_second: 0, data_folder: '%s'}
            live: {avatar: tiny, hidden_avatars: [sam], max_sessions: 3, quality: {headroom_percent: 0}}
            metrics: {enabled: false}
            webrtc: {ice_servers: [{url: 'turn:relay.example.org:3478', username: u, credential: p"w}]}
            """
                .formatted(data));
    role =
        ServeRole.start(
            new ServeRole.Setting(
                config,
                Path.of(""),
                Catalogue.empty(),
                new AvatarStore(List.of(AVATARS)),
                Map.of()));
    client = HttpClient.newHttpClient();
  }

  @AfterAll
  static void stop() {
    client.close();
    role.close();
  }

  private static HttpRequest.Builder at(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + role.port() + path));
  }

  private static HttpResponse<String> send(HttpRequest request)
      throws IOException, InterruptedException {
    return client.send(request, BodyHandlers.ofString());
  }

  /** Over HTTP/2 a refusal of a body that is still being sent may reach this client as a reset. */
  private static HttpResponse<String> post(String path, String type, String body)
      throws IOException, InterruptedException {
    return send(
        at(path)
            .version(HttpClient.Version.HTTP_1_1)
            .header("Content-Type", type)
            .POST(BodyPublishers.ofString(body))
            .build());
  }

  private static JsonNode json(HttpResponse<String> response) throws IOException {
    return MAPPER.readTree(response.body());
  }

  /** A session of Tiny, as its path. */
  private static String session() throws IOException, InterruptedException {
    HttpResponse<String> created = post("/v1/sessions", "application/json", "{}");
    assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
    return created.headers().firstValue("location").orElseThrow();
  }

  private static int end(String session) throws IOException, InterruptedException {
    return send(at(session).DELETE().build()).statusCode();
  }

  @Test
  void listsAvatarsWithTheirPictures() throws Exception {
    JsonNode avatars = json(send(at("/v1/avatars").build())).path("avatars");

    assertThat(avatars)
        .extracting(each -> each.path("name").asText())
        .containsExactly("ada", "tiny");
    assertThat(avatars.get(1).path("default").asBoolean()).isTrue();
    HttpResponse<byte[]> picture =
        client.send(
            at(avatars.get(1).path("picture").asText()).build(), BodyHandlers.ofByteArray());
    assertThat(picture.headers().firstValue("content-type")).hasValue("image/jpeg");
    assertThat(picture.body()).startsWith(0xff, 0xd8).hasSizeGreaterThan(2_000);
  }

  @Test
  void aSessionBeginsSpeaksAndIsGoneAfterItsEnd() throws Exception {
    String session = session();
    JsonNode described = json(send(at(session).build()));

    assertThat(described.path("avatar").asText()).isEqualTo("tiny");
    assertThat(described.path("state").asText()).isEqualTo("idle");
    assertThat(described.path("iceServers").get(0).path("credential").asText()).isEqualTo("p\"w");
    assertThat(post(session + "/say", "application/json", "{\"text\": \"Hello.\"}").statusCode())
        .isEqualTo(204);
    assertThat(send(at(session + "/interrupt").POST(BodyPublishers.noBody()).build()).statusCode())
        .isEqualTo(204);
    assertThat(end(session)).isEqualTo(204);
    assertThat(send(at(session).build()).statusCode()).isEqualTo(404);
  }

  @Test
  void tellsWhatHappensAsServerSentEvents() throws Exception {
    String session = session();
    List<String> seen = new ArrayList<>();
    try (BufferedReader events =
        new BufferedReader(
            new InputStreamReader(
                client.send(at(session + "/events").build(), BodyHandlers.ofInputStream()).body(),
                StandardCharsets.UTF_8))) {
      assertThat(events.readLine()).isEqualTo("event: state");
      assertThat(events.readLine()).isEqualTo("data: {\"type\":\"state\",\"state\":\"idle\"}");
      post(session + "/say", "application/json", "{\"text\": \"Hello.\"}");
      for (String line = events.readLine(); line != null; line = events.readLine()) {
        if (line.startsWith("data: ")) {
          JsonNode event = MAPPER.readTree(line.substring(6));
          seen.add(event.path("type").asText() + " " + event.path("state").asText(""));
          if (seen.contains("state speaking") && event.path("state").asText().equals("idle")) {
            end(session);
          }
        }
      }
    }
    assertThat(seen)
        .containsSubsequence("state thinking", "state speaking", "state idle", "ended ")
        .contains("caption ");
    assertThat(seen.indexOf("state speaking")).isLessThan(seen.indexOf("caption "));
  }

  @Test
  void tellsWhatHappensOverAWebSocket() throws Exception {
    String session = session();
    BlockingQueue<String> messages = new LinkedBlockingQueue<>();
    WebSocket socket =
        client
            .newWebSocketBuilder()
            .buildAsync(
                URI.create("ws://127.0.0.1:" + role.port() + session + "/events"),
                new WebSocket.Listener() {
                  @Override
                  public CompletionStage<?> onText(
                      WebSocket from, CharSequence text, boolean last) {
                    messages.add(text.toString());
                    return WebSocket.Listener.super.onText(from, text, last);
                  }
                })
            .join();

    assertThat(MAPPER.readTree(messages.take()).path("state").asText()).isEqualTo("idle");
    end(session);
    String message = messages.take();
    while (!message.contains("\"ended\"")) {
      message = messages.take();
    }
    socket.abort();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "POST | /v1/sessions | application/json | {\"avatar\": \"tinny\"} | 404 | tiny",
        "POST | /v1/sessions | application/json | {\"avater\": \"tiny\"} | 400 | avatar, background, priority, voice",
        "POST | /v1/sessions | application/json | {\"avatar\": 1} | 400 | avatar, background, priority, voice",
        "POST | /v1/sessions | application/json | {\"priority\": \"top\"} | 400 | high, normal or low",
        "POST | /v1/sessions | application/json | [] | 400 | avatar, background, priority, voice",
        "POST | /v1/sessions | application/json | { | 400 | avatar, background, priority, voice",
        "POST | /v1/sessions | text/plain | {} | 415 | application/json",
        "GET | /v1/sessions/none | application/json | x | 404 | POST /v1/sessions",
        "GET | /v1/sessions/none/events | application/json | x | 404 | POST /v1/sessions",
        "POST | /v1/sessions/none/whep | application/sdp | v=0 | 404 | POST /v1/sessions",
        "POST | /v1/clips | application/json | {\"text\": \" \"} | 400 | text",
        "POST | /v1/clips | application/json | {\"text\": \"a\", \"avatar\": \"x\"} | 404 | tiny",
        "POST | /v1/clips | application/json | {\"text\": \"a\", \"voice\": \"x\"} | 400 | use one of",
        "GET | /v1/clips/none | application/json | x | 404 | POST /v1/clips",
        "GET | /v1/clips/none/video | application/json | x | 404 | POST /v1/clips",
        "PUT | /v1/sessions | application/json | {} | 405 | docs/api.md",
        "GET | /v1/avatars/nobody/picture | application/json | x | 404 | /v1/avatars",
        "GET | /v1/avatars/..%2Fada/picture | application/json | x | 400 | docs/api.md",
        "GET | /nothing.html | application/json | x | 404 | docs/api.md",
      })
  void saysWhatWasWrongAndWhatToDo(
      String method, String path, String type, String body, int status, String hint)
      throws Exception {
    HttpResponse<String> refused =
        send(
            at(path)
                .header("Content-Type", type)
                .method(
                    method,
                    method.equals("GET") ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .build());

    assertThat(refused.statusCode()).as(refused.body()).isEqualTo(status);
    assertThat(refused.headers().firstValue("content-type")).hasValue("application/problem+json");
    assertThat(json(refused).path("detail").asText()).isNotEmpty();
    assertThat(json(refused).path("hint").asText()).contains(hint);
  }

  @Test
  void boundsWhatIsTakenIn() throws Exception {
    String session = session();
    try {
      String text = "{\"text\": \"" + "a ".repeat(5_000) + "\"}";
      assertThat(post(session + "/say", "application/json", text).statusCode()).isEqualTo(413);
      assertThat(post(session + "/say", "application/json", "x".repeat(70_000)).statusCode())
          .isEqualTo(413);
      assertThat(post(session + "/say", "application/json", "{\"text\": \" \"}").statusCode())
          .isEqualTo(400);
    } finally {
      end(session);
    }
  }

  @Test
  void rendersAClipThatCanBeFetchedAndForgotten() throws Exception {
    HttpResponse<String> ordered =
        post("/v1/clips", "application/json", "{\"text\": \"Hello there.\"}");
    assertThat(ordered.statusCode()).as(ordered.body()).isEqualTo(202);
    String clip = ordered.headers().firstValue("location").orElseThrow();
    JsonNode now = json(send(at(clip).build()));
    while (List.of("waiting", "rendering").contains(now.path("state").asText())) {
      Thread.sleep(50);
      now = json(send(at(clip).build()));
    }

    assertThat(now.path("state").asText()).as(now.toString()).isEqualTo("ready");
    assertThat(now.path("avatar").asText()).isEqualTo("tiny");
    assertThat(now.path("framesDone").asInt()).isGreaterThan(10);
    HttpResponse<byte[]> video =
        client.send(at(now.path("video").asText()).build(), BodyHandlers.ofByteArray());
    assertThat(video.headers().firstValue("content-type")).hasValue("video/mp4");
    assertThat(new String(video.body(), 4, 4, StandardCharsets.US_ASCII)).isEqualTo("ftyp");
    assertThat(send(at(clip).DELETE().build()).statusCode()).isEqualTo(204);
    assertThat(send(at(clip).build()).statusCode()).isEqualTo(404);
    assertThat(send(at(clip + "/video").build()).statusCode()).isEqualTo(404);
  }

  @Test
  void tellsWhatItDoesOnceAndEachSecond() throws Exception {
    String session = session();
    try {
      JsonNode once = json(send(at("/v1/ops").build()));
      assertThat(once.path("draining").asBoolean()).isFalse();
      assertThat(once.path("maxSessions").asInt()).isEqualTo(3);
      assertThat(once.path("metrics").path("concurrent_streams").asInt(-1)).isZero();
      assertThat(once.path("metrics").path("lipstream_sessions{state=\"idle\"}").asInt())
          .isPositive();
      assertThat(once.path("sessions")).isNotEmpty();
      assertThat(once.toString()).doesNotContain(session.substring(session.lastIndexOf('/') + 1));

      try (BufferedReader events =
          new BufferedReader(
              new InputStreamReader(
                  client
                      .send(
                          at("/v1/ops").header("accept", "text/event-stream").build(),
                          BodyHandlers.ofInputStream())
                      .body(),
                  StandardCharsets.UTF_8))) {
        for (int i = 0; i < 2; i++) {
          assertThat(events.readLine()).isEqualTo("event: reading");
          assertThat(MAPPER.readTree(events.readLine().substring(6)).path("at").asLong())
              .isPositive();
          assertThat(events.readLine()).isEmpty();
        }
      }
    } finally {
      end(session);
    }
  }

  @Test
  void refusesOneSessionMoreThanThereIsRoomFor() throws Exception {
    List<String> sessions = new ArrayList<>();
    try {
      HttpResponse<String> last = post("/v1/sessions", "application/json", "{}");
      while (last.statusCode() == 201) {
        sessions.add(last.headers().firstValue("location").orElseThrow());
        last = post("/v1/sessions", "application/json", "{}");
      }
      assertThat(last.statusCode()).as(last.body()).isEqualTo(503);
      assertThat(last.headers().firstValue("retry-after")).hasValueSatisfying(Integer::parseInt);
      assertThat(sessions).hasSizeLessThanOrEqualTo(3);
    } finally {
      for (String session : sessions) {
        end(session);
      }
    }
  }

  @Test
  void refusesAnOfferThatIsNone() throws Exception {
    String session = session();
    try {
      HttpResponse<String> refused = post(session + "/whep", "application/sdp", "v=0\r\n");
      assertThat(refused.statusCode()).as(refused.body()).isEqualTo(400);
      assertThat(post(session + "/whep", "text/plain", "v=0").statusCode()).isEqualTo(415);
      HttpResponse<String> options =
          send(at(session + "/whep").method("OPTIONS", BodyPublishers.noBody()).build());
      assertThat(options.headers().firstValue("link"))
          .hasValue(
              "<turn:relay.example.org:3478>; rel=\"ice-server\"; username=\"u\";"
                  + " credential=\"p\\\"w\"; credential-type=\"password\"");
    } finally {
      end(session);
    }
  }

  @Test
  void thePageLetsNothingForeignIn() throws Exception {
    HttpResponse<String> page = send(at("/").build());

    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.headers().firstValue("content-security-policy").orElseThrow())
        .contains("default-src 'none'")
        .contains("frame-ancestors 'none'")
        .doesNotContain("unsafe");
    assertThat(page.body())
        .doesNotContain("http://")
        .doesNotContain("https://")
        .doesNotContain("style=");
  }
}
