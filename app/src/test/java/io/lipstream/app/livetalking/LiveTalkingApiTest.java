package io.lipstream.app.livetalking;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lipstream.app.config.ServeConfig;
import io.lipstream.app.config.ServeConfigs;
import io.lipstream.app.server.ServeRole;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.media.avatar.AvatarStore;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The calls as their front ends make them; a browser's offer is answered in .ci/browser. */
final class LiveTalkingApiTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Enough of them that they are not over before somebody asks. */
  private static final String WORDS =
      String.join(" ", Collections.nCopies(3, "Whoever reads this has time for more of it."));

  @TempDir static Path folder;

  private static ServeRole role;
  private static HttpClient client;

  @BeforeAll
  static void start() {
    role = role("true");
    client = HttpClient.newHttpClient();
  }

  private static ServeRole role(String on) {
    ServeConfig config =
        ServeConfigs.parse(
            """
            server: {port: 0, drain_timeout_seconds: 0, livetalking_api: %s}
            api: {auth: false, data_folder: "%s"}
            live: {avatar: tiny, quality: {headroom_percent: 0}}
            metrics: {enabled: false}
            webrtc: {port: 0}
            """
                .formatted(on, folder));
    return ServeRole.start(
        new ServeRole.Setting(
            config,
            Path.of(""),
            Catalogue.empty(),
            new AvatarStore(List.of(Path.of("../avatars"))),
            Map.of()));
  }

  @AfterAll
  static void stop() {
    client.close();
    role.close();
  }

  private static HttpRequest.Builder at(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + role.port() + path));
  }

  private static JsonNode post(String path, String type, byte[] body) throws Exception {
    HttpResponse<String> answer =
        client.send(
            at(path).header("Content-Type", type).POST(BodyPublishers.ofByteArray(body)).build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return MAPPER.readTree(answer.body());
  }

  private static JsonNode post(String path, String json) throws Exception {
    return post(path, "application/json", json.getBytes(StandardCharsets.UTF_8));
  }

  /** A session as POST /v1/sessions begins it; for the calls after the offer that is the same. */
  private static String session() throws Exception {
    HttpResponse<String> created =
        client.send(
            at("/v1/sessions")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{}"))
                .build(),
            BodyHandlers.ofString());
    return MAPPER.readTree(created.body()).path("id").asText();
  }

  @Test
  void whatIsSaidIsToldFromItsStartToItsEnd() throws Exception {
    String session = session();
    String ok = "{\"sessionid\": \"" + session + "\"}";
    try (BufferedReader events =
        new BufferedReader(
            new InputStreamReader(
                client
                    .send(at("/sse?sessionid=" + session).build(), BodyHandlers.ofInputStream())
                    .body(),
                StandardCharsets.UTF_8))) {
      JsonNode said =
          post(
              "/human",
              "{\"sessionid\": \"%s\", \"type\": \"echo\", \"text\": \"%s\"}"
                  .formatted(session, WORDS));
      assertThat(said).isEqualTo(MAPPER.readTree("{\"code\": 0, \"msg\": \"ok\"}"));
      assertThat(next(events)).isEqualTo("{\"status\":\"start\",\"text\":\"\"}");
      assertThat(post("/is_speaking", ok).path("data").asBoolean()).isTrue();
      assertThat(next(events)).isEqualTo("{\"status\":\"end\",\"text\":\"%s\"}".formatted(WORDS));
      assertThat(post("/is_speaking", ok).path("data").asBoolean()).isFalse();

      assertThat(
              post("/humanaudio", "multipart/form-data; boundary=x", form(session))
                  .path("code")
                  .asInt())
          .isZero();
      assertThat(next(events)).contains("start");
      assertThat(post("/interrupt_talk", ok).path("code").asInt()).isZero();
      assertThat(next(events)).isEqualTo("{\"status\":\"end\",\"text\":\"\"}");
      assertThat(post("/is_speaking", ok).path("data").asBoolean()).isFalse();
    }
    assertThat(
            post("/set_audiotype", "{\"sessionid\": \"" + session + "\", \"audiotype\": 2}")
                .path("code")
                .asInt())
        .isZero();
  }

  private static String next(BufferedReader events) throws Exception {
    String line = events.readLine();
    while (!line.startsWith("data: ")) {
      line = events.readLine();
    }
    return line.substring(6);
  }

  /** A form with two seconds of a tone as a WAV. */
  private static byte[] form(String session) throws Exception {
    int samples = 32_000;
    ByteBuffer wav = ByteBuffer.allocate(44 + 2 * samples).order(ByteOrder.LITTLE_ENDIAN);
    wav.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + 2 * samples);
    wav.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
    wav.putShort((short) 1).putShort((short) 1).putInt(16_000).putInt(32_000);
    wav.putShort((short) 2).putShort((short) 16);
    wav.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(2 * samples);
    for (int i = 0; i < samples; i++) {
      wav.putShort((short) (8_000 * Math.sin(2 * Math.PI * 220 * i / 16_000)));
    }
    ByteArrayOutputStream form = new ByteArrayOutputStream();
    form.writeBytes(
        ("--x\r\ncontent-disposition: form-data; name=\"sessionid\"\r\n\r\n"
                + session
                + "\r\n--x\r\n"
                + "content-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
                + "content-type: audio/wav\r\n\r\n")
            .getBytes(StandardCharsets.UTF_8));
    form.writeBytes(wav.array());
    form.writeBytes("\r\n--x--\r\n".getBytes(StandardCharsets.UTF_8));
    return form.toByteArray();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/human | {\"sessionid\": \"none\", \"text\": \"Hi.\"} | no session none",
        "/human | {\"sessionid\": \"$\", \"text\": \"\"} | 1 to 8000 characters",
        "/human | {\"sessionid\": \"$\", \"text\": \"Hi.\", \"type\": \"sing\"} | echo or chat",
        "/human | [ | not valid JSON",
        "/record | {\"sessionid\": \"$\", \"type\": \"pause\"} | start_record or end_record",
        "/set_audiotype | {\"sessionid\": \"$\", \"audiotype\": 99} | 1 actions",
        "/set_audiotype | {\"sessionid\": \"$\", \"audiotype\": \"nod\"} | whole number",
        "/offer | {\"type\": \"offer\"} | no offer",
        "/offer | {\"type\": \"offer\", \"sdp\": \"v=0\", \"avatar\": \"../ada\"} | no avatar",
        "/offer | {\"type\": \"offer\", \"sdp\": \"v=0\"} | ",
      })
  void aRequestThatCannotBeDoneIsCodeMinusOne(String path, String body, String message)
      throws Exception {
    JsonNode answer = post(path, body.replace("$", session()));
    assertThat(answer.path("code").asInt()).isEqualTo(-1);
    assertThat(answer.path("msg").asText()).contains(message == null ? "" : message);
  }

  @Test
  void theLastRecordingOfASessionIsThereAfterItsEnd() throws Exception {
    String session = session();
    String record = "{\"sessionid\": \"" + session + "\", \"type\": \"%s\"}";
    assertThat(video(session).statusCode()).isEqualTo(404);
    assertThat(post("/record", record.formatted("start_record")).path("code").asInt()).isZero();
    assertThat(post("/record", record.formatted("start_record")).path("msg").asText())
        .contains("is being recorded");
    long end = System.nanoTime() + 60_000_000_000L;
    while (video(session).body().length == 0) {
      assertThat(System.nanoTime()).as("waiting for something recorded").isLessThan(end);
      Thread.sleep(20);
    }
    assertThat(post("/record", record.formatted("end_record")).path("code").asInt()).isZero();
    client.send(at("/v1/sessions/" + session).DELETE().build(), BodyHandlers.discarding());

    HttpResponse<byte[]> video = video(session);
    assertThat(video.statusCode()).isEqualTo(200);
    assertThat(video.headers().firstValue("content-type")).hasValue("video/mp4");
    assertThat(new String(video.body(), 4, 4, StandardCharsets.US_ASCII)).isEqualTo("ftyp");
    assertThat(video("nobody").statusCode()).isEqualTo(404);
    assertThat(video("..%2Fapi-key").statusCode()).isEqualTo(400);
  }

  private static HttpResponse<byte[]> video(String session) throws Exception {
    return client.send(at("/record/" + session).build(), BodyHandlers.ofByteArray());
  }

  @Test
  void aFormOfAnotherSiteIsRefused() throws Exception {
    assertThat(
            post("/human", "text/plain", "{}".getBytes(StandardCharsets.UTF_8))
                .path("msg")
                .asText())
        .contains("must be JSON");
  }

  @Test
  void nothingOfItIsThereUnlessConfigured() throws Exception {
    try (ServeRole without = role("false")) {
      HttpResponse<String> answer =
          client.send(
              HttpRequest.newBuilder(
                      URI.create("http://127.0.0.1:" + without.port() + "/is_speaking"))
                  .header("Content-Type", "application/json")
                  .POST(BodyPublishers.ofString("{}"))
                  .build(),
              BodyHandlers.ofString());
      assertThat(answer.statusCode()).isGreaterThanOrEqualTo(404);
    }
  }
}
