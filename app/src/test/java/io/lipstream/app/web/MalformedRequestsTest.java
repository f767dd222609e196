package io.lipstream.app.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lipstream.app.config.ServeConfigs;
import io.lipstream.app.server.ServeRole;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.media.avatar.AvatarStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests that mean nothing; the server goes on. */
final class MalformedRequestsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final List<String> TYPES =
      List.of(
          "application/json",
          "application/sdp",
          "application/trickle-ice-sdpfrag",
          "application/zip",
          "audio/wav",
          "image/png",
          "multipart/form-data; boundary=x",
          "text/plain",
          "no type");
  private static final int ROOM = 4;

  @TempDir private static Path data;
  private static ServeRole role;
  private static HttpClient client;
  private static String key;

  @BeforeAll
  static void start() {
    role =
        ServeRole.start(
            new ServeRole.Setting(
                ServeConfigs.parse(
                    """
                    server: {port: 0, drain_timeout_seconds: 0}
                    api: {data_folder: '%s', requests_per_second: 0, max_upload_mb: 1}
                    live: {avatar: tiny, max_sessions: %d, idle_timeout_seconds: 3600}
                    metrics: {enabled: false}
                    """
                        .formatted(data, ROOM)),
                Path.of(""),
                Catalogue.empty(),
                new AvatarStore(List.of(Path.of("../avatars"))),
                Map.of()));
    // Over HTTP/2 a refusal of a body that is still being sent may reach this client as a reset.
    client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    key = role.key().orElseThrow().value();
  }

  @AfterAll
  static void stop() {
    client.close();
    role.close();
  }

  private static HttpRequest.Builder at(String path) {
    return HttpRequest.newBuilder(URI.create("http://localhost:" + role.port() + path))
        .header("authorization", "Bearer " + key);
  }

  private static HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private static HttpResponse<String> create() throws IOException, InterruptedException {
    return send(
        at("/v1/sessions")
            .header("content-type", "application/json")
            .POST(BodyPublishers.ofString("{}")));
  }

  private static String id(HttpResponse<String> created) throws IOException {
    assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
    return MAPPER.readTree(created.body()).path("id").asText();
  }

  private static List<byte[]> bodies() {
    byte[] noise = new byte[3_000];
    new Random(5).nextBytes(noise);
    List<byte[]> bodies = new ArrayList<>(List.of(noise, new byte[0], new byte[70_000]));
    for (String text :
        List.of(
            "{",
            "[]",
            "null",
            "{\"text\": 1}",
            "{\"text\": null}",
            "{\"text\": \"\"}",
            "{\"text\": {\"text\": \"a\"}}",
            "{\"avatar\": \"../../etc/passwd\"}",
            "{\"colour\": \"no colour\", \"name\": \"\\u0000\"}",
            "[".repeat(60_000),
            "v=0\r\no=- 1 1 IN IP4 0\r\ns=-\r\nm=video 9 UDP/TLS/RTP/SAVPF 999\r\n",
            "a=ice-ufrag:\r\n",
            "RIFF\u0000\u0000\u0000\u0000WAVEfmt ",
            "PK\u0003\u0004 and then nothing",
            "--x\r\nContent-Disposition: form-data\r\n\r\n")) {
      bodies.add(text.getBytes(StandardCharsets.UTF_8));
    }
    return bodies;
  }

  @Test
  void everyRouteRefusesWhatMeansNothing() throws Exception {
    String session = id(create());
    int asked = 0;
    for (String call : role.calls()) {
      String method = call.substring(0, call.indexOf(' '));
      String path = call.substring(call.indexOf(' ') + 1);
      if (!List.of("POST", "PATCH", "PUT").contains(method)) {
        continue;
      }
      String filled = path.replace("{id}", session).replaceAll("\\{[a-z]+}", "x");
      // What takes no body does not look at one.
      boolean bodiless = path.matches(".*/(pass|interrupt|end-turn|recordings|stop)");
      for (byte[] body : bodies()) {
        for (String type : TYPES) {
          HttpResponse<String> refused =
              send(
                  at(filled)
                      .header("content-type", type)
                      .method(method, BodyPublishers.ofByteArray(body)));
          String what = call + " " + type + " " + Arrays.toString(Arrays.copyOf(body, 20));
          asked++;
          if (path.endsWith("/import") && type.equals("application/zip")) {
            assertThat(refused.statusCode()).as(what).isIn(202, 409, 413);
          } else if (bodiless || (path.endsWith("/speak") && type.equals("audio/wav"))) {
            assertThat(refused.statusCode()).as(what).isLessThan(500);
          } else {
            assertThat(refused.statusCode()).as(what + refused.body()).isBetween(400, 499);
            JsonNode problem = MAPPER.readTree(refused.body());
            assertThat(problem.path("status").asInt()).isEqualTo(refused.statusCode());
            assertThat(problem.path("detail").asText()).isNotEmpty();
          }
        }
      }
      if (path.endsWith("/recordings")) {
        try (Stream<Path> files = Files.list(data.resolve("recordings"))) {
          assertThat(files.count()).isEqualTo(1);
        }
      }
    }
    assertThat(asked).isGreaterThan(1_000);
    assertThat(send(at("/v1/sessions/" + session + "/state")).statusCode()).isEqualTo(200);
    assertThat(send(at("/v1/sessions/" + session).DELETE()).statusCode()).isEqualTo(204);
  }

  @Test
  void bytesThatAreNoHttpEndTheirConnectionAlone() throws Exception {
    for (byte[] body : bodies()) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), role.port())) {
        socket.getOutputStream().write(body);
        socket.getOutputStream().write("\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      }
    }
    assertThat(send(at("/v1/voices")).statusCode()).isEqualTo(200);
  }
}
