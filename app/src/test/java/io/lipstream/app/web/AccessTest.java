package io.lipstream.app.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lipstream.app.config.ServeConfigs;
import io.lipstream.app.server.ServeRole;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.media.audio.AudioFile;
import io.lipstream.media.avatar.AvatarStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Keys, tokens and cookies over the port, and what they let in: real sessions of the avatar Tiny.
 */
final class AccessTest {
  private static final Pattern EXAMPLE = Pattern.compile("curl(.*)[$]URL(/v1/[^ ?)\"]*)");
  private static final Pattern METHOD = Pattern.compile(" -X ([A-Z]+) ");
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Path AVATARS = Path.of("../avatars");
  private static final String WEBSITE = "website-key-of-many-characters";
  private static final String NONE = "";

  @TempDir private static Path data;
  private static ServeRole role;
  private static HttpClient client;
  private static String own;

  @BeforeAll
  static void start() {
    role =
        ServeRole.start(
            new ServeRole.Setting(
                ServeConfigs.parse(
                    """
                    server: {port: 0, drain_timeout_seconds: 0, allowed_origins: ['https://friend.example']}
                    api: {data_folder: '%s', keys: [{name: site, key: %s, scopes: [create]}]}
                    live: {avatar: tiny, max_sessions: 8, quality: {headroom_percent: 0}}
                    metrics: {enabled: false}
                    """
                        .formatted(data, WEBSITE)),
                Path.of(""),
                Catalogue.empty(),
                new AvatarStore(List.of(AVATARS)),
                Map.of()));
    client = HttpClient.newHttpClient();
    own = role.key().orElseThrow().value();
  }

  @AfterAll
  static void stop() {
    client.close();
    role.close();
  }

  private static HttpRequest.Builder at(String path, String key) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://localhost:" + role.port() + path))
            .header("content-type", "application/json");
    return key.isEmpty() ? request : request.header("authorization", "Bearer " + key);
  }

  private static HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private static HttpResponse<String> get(String path, String key) throws Exception {
    return send(at(path, key));
  }

  private static HttpResponse<String> post(String path, String key, String body) throws Exception {
    return send(at(path, key).POST(BodyPublishers.ofString(body)));
  }

  private static JsonNode create() throws Exception {
    HttpResponse<String> created = post("/v1/sessions", own, "{}");
    assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
    return MAPPER.readTree(created.body());
  }

  private static String path(JsonNode session) {
    return "/v1/sessions/" + session.path("id").asText();
  }

  private static int end(JsonNode session) throws Exception {
    return send(at(path(session), own).DELETE()).statusCode();
  }

  @Test
  void whoBringsNoKeyIsAskedForOne() throws Exception {
    for (String key : List.of(NONE, "wrong-key-of-many-characters")) {
      HttpResponse<String> refused = get("/v1/avatars", key);

      assertThat(refused.statusCode()).isEqualTo(401);
      assertThat(refused.headers().firstValue("www-authenticate"))
          .hasValue("Bearer realm=\"lipstream\"");
      assertThat(refused.headers().firstValue("content-type")).hasValue("application/problem+json");
    }
    assertThat(post("/v1/sessions", NONE, "{}").statusCode()).isEqualTo(401);
    assertThat(get("/v1/sessions/none", NONE).statusCode()).isEqualTo(401);
  }

  @Test
  void theServersOwnKeyIsKeptForItsUserAlone() throws Exception {
    Path file = data.resolve("api-key");

    assertThat(get("/v1/sessions", own).statusCode()).isEqualTo(200);
    assertThat(Files.readString(file).strip()).isEqualTo(own);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(LocalKey.in(data)).isEqualTo(new LocalKey(own, file, false));
  }

  @Test
  void aKeyIsGoodForItsScopesAlone() throws Exception {
    HttpResponse<String> created = post("/v1/sessions", WEBSITE, "{}");
    JsonNode session = MAPPER.readTree(created.body());
    try {
      assertThat(created.statusCode()).isEqualTo(201);
      assertThat(get("/v1/avatars", WEBSITE).statusCode()).isEqualTo(200);
      assertThat(get("/v1/sessions", WEBSITE).statusCode()).isEqualTo(403);
      assertThat(get(path(session), WEBSITE).statusCode()).isEqualTo(403);
      assertThat(post(path(session) + "/chat", WEBSITE, "{\"text\": \"Hi\"}").statusCode())
          .isEqualTo(403);
      assertThat(send(at("/v1/avatars/tiny", WEBSITE).DELETE()).statusCode()).isEqualTo(403);
    } finally {
      end(session);
    }
  }

  @Test
  void aTokenIsGoodForItsSessionAlone() throws Exception {
    JsonNode one = create();
    JsonNode other = create();
    try {
      String token = one.path("token").asText();

      assertThat(get(path(one), token).statusCode()).isEqualTo(200);
      assertThat(post(path(one) + "/speak", token, "{\"text\": \"Hi.\"}").statusCode())
          .isEqualTo(204);
      assertThat(get(path(one) + "/state?token=" + token, NONE).statusCode()).isEqualTo(200);
      assertThat(get(path(other), token).statusCode()).isEqualTo(401);
      assertThat(get("/v1/sessions", token).statusCode()).isEqualTo(401);
      assertThat(post("/v1/sessions", token, "{}").statusCode()).isEqualTo(401);
      assertThat(post(path(one) + "/interrupt?token=" + token, NONE, "").statusCode())
          .as("addresses are logged and sent on: what changes something needs the header")
          .isEqualTo(401);
    } finally {
      end(one);
      end(other);
    }
  }

  @Test
  void aBrowserOfThisMachineNeedsNoKey() throws Exception {
    HttpResponse<String> page = get("/", NONE);
    String cookie = page.headers().firstValue("set-cookie").orElseThrow();

    assertThat(cookie).containsIgnoringCase("HttpOnly").contains("SameSite=Strict");
    String brought = cookie.substring(0, cookie.indexOf(';'));
    assertThat(send(at("/v1/avatars", NONE).header("cookie", brought)).statusCode()).isEqualTo(200);
    String forged = brought.substring(0, brought.length() - 2) + "xx";
    assertThat(send(at("/v1/avatars", NONE).header("cookie", forged)).statusCode()).isEqualTo(401);
  }

  @Test
  void aBrowserBehindAProxyDoes() throws Exception {
    HttpResponse<String> page = send(at("/", NONE).header("x-forwarded-for", "203.0.113.9"));

    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.headers().firstValue("set-cookie")).isEmpty();
  }

  @Test
  void aKeyIsExchangedForACookieThatMayDoTheSame() throws Exception {
    HttpResponse<String> exchanged = post("/v1/pass", WEBSITE, "");
    String cookie = exchanged.headers().firstValue("set-cookie").orElseThrow();
    String brought = cookie.substring(0, cookie.indexOf(';'));

    assertThat(exchanged.statusCode()).isEqualTo(204);
    assertThat(cookie).doesNotContain(WEBSITE);
    assertThat(send(at("/v1/voices", NONE).header("cookie", brought)).statusCode()).isEqualTo(200);
    assertThat(send(at("/v1/sessions", NONE).header("cookie", brought)).statusCode())
        .isEqualTo(403);
  }

  @Test
  void theDocumentHasWhatCanBeCalledAndNothingElse() throws Exception {
    JsonNode paths = MAPPER.readTree(get("/openapi.json", NONE).body()).path("paths");
    Set<String> documented = new TreeSet<>();
    paths
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .properties()
                    .forEach(
                        each -> {
                          if (!each.getKey().equals("parameters")) {
                            documented.add(
                                each.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey());
                          }
                        }));
    Set<String> called = new TreeSet<>(role.calls());
    called.removeIf(each -> each.contains(" /openapi."));

    assertThat(documented).isEqualTo(called);
    assertThat(get("/docs/", NONE).body()).contains("/docs/docs.js");
    assertThat(get("/docs", NONE).statusCode()).isIn(200, 301, 302, 307);
  }

  @Test
  void everyCallHasAnExample() throws Exception {
    Set<String> examples = new TreeSet<>();
    try (Stream<String> lines = Files.lines(Path.of("../docs/api.md"))) {
      lines.map(EXAMPLE::matcher).filter(Matcher::find).forEach(each -> examples.add(shown(each)));
    }
    for (String call : role.calls()) {
      if (!call.contains(" /openapi.")) {
        assertThat(examples).contains(call.replaceAll("[{][a-z]+}", "*"));
      }
    }
  }

  /** The method and path of a line with curl, whose variables and names are stars. */
  private static String shown(Matcher line) {
    String options = line.group(1);
    Matcher named = METHOD.matcher(options);
    boolean sends = options.contains(" -d ") || options.contains(" --data-binary ");
    String method = named.find() ? named.group(1) : sends ? "POST" : "GET";
    return method + " " + line.group(2).replaceAll("(?<=/)([$][A-Z]+|ada|my-avatar)(?=/|$)", "*");
  }

  @Test
  void everyCallButThatOfTheDocumentWantsAKey() throws Exception {
    for (String call : role.calls()) {
      String method = call.substring(0, call.indexOf(' '));
      String path = call.substring(call.indexOf(' ') + 1).replaceAll("\\{[a-z]+}", "x");
      int status = send(at(path, NONE).method(method, BodyPublishers.noBody())).statusCode();
      assertThat(status).as(call).isEqualTo(path.startsWith("/openapi.") ? 200 : 401);
    }
  }

  @Test
  void aCreateThatIsSentAgainBeginsNoOtherSession() throws Exception {
    Set<String> ids = ConcurrentHashMap.newKeySet();
    List<Thread> senders =
        Stream.generate(
                () ->
                    Thread.ofVirtual()
                        .start(
                            () -> {
                              try {
                                ids.add(send(idempotent("{}")).body());
                              } catch (IOException | InterruptedException e) {
                                ids.add(e.toString());
                              }
                            }))
            .limit(8)
            .toList();
    for (Thread sender : senders) {
      sender.join();
    }
    HttpResponse<String> again = send(idempotent("{}"));

    assertThat(ids).containsExactly(again.body());
    assertThat(again.statusCode()).isEqualTo(201);
    assertThat(again.headers().firstValue("idempotency-replayed")).hasValue("true");
    assertThat(send(idempotent("{\"avatar\": \"tiny\"}")).statusCode()).isEqualTo(422);
    end(MAPPER.readTree(again.body()));
  }

  private static HttpRequest.Builder idempotent(String body) {
    return at("/v1/sessions", own)
        .header("idempotency-key", "k1")
        .POST(BodyPublishers.ofString(body));
  }

  private HttpResponse<String> preflight(String origin) throws Exception {
    return send(
        at("/v1/sessions", NONE)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type,idempotency-key")
            .method("OPTIONS", BodyPublishers.noBody()));
  }

  @Test
  void onlyPagesOfConfiguredSitesMayCall() throws Exception {
    HttpHeaders friend = preflight("https://friend.example").headers();
    assertThat(friend.firstValue("access-control-allow-origin")).hasValue("https://friend.example");
    assertThat(friend.firstValue("access-control-allow-methods").orElse("")).contains("POST");
    assertThat(friend.firstValue("access-control-allow-headers").orElse(""))
        .contains("authorization", "content-type", "idempotency-key");
    HttpResponse<String> called =
        send(at("/v1/voices", own).header("origin", "https://friend.example").GET());
    assertThat(called.statusCode()).isEqualTo(200);
    assertThat(called.headers().firstValue("access-control-allow-origin"))
        .hasValue("https://friend.example");

    assertThat(preflight("https://evil.example").headers().map())
        .doesNotContainKey("access-control-allow-origin");
    HttpResponse<String> refused =
        send(at("/v1/voices", own).header("origin", "https://evil.example").GET());
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.headers().map()).doesNotContainKey("access-control-allow-origin");
  }

  @ParameterizedTest
  @CsvSource({
    "PUT,/v1/sessions,GET POST",
    "TRACE,/v1/sessions/a/state,GET",
    "DELETE,/v1/sessions/a/whep,OPTIONS POST",
    "GET,/v1/pass,POST",
    "POST,/,GET HEAD"
  })
  void tellsWhichMethodsThereAre(String method, String path, String methods) throws Exception {
    HttpResponse<String> refused = send(at(path, own).method(method, BodyPublishers.noBody()));
    assertThat(refused.statusCode()).isEqualTo(405);
    assertThat(refused.headers().firstValue("allow").orElse("").split(", "))
        .containsExactlyInAnyOrder(methods.split(" "));
  }

  private static final String OFFER =
      """
      v=0
      o=- 4572460563306847467 2 IN IP4 127.0.0.1
      s=-
      t=0 0
      a=group:BUNDLE 0
      m=video 9 UDP/TLS/RTP/SAVPF 96
      c=IN IP4 0.0.0.0
      a=ice-ufrag:qlAb
      a=ice-pwd:x64jJ0qsOA1uSuJgVF1SzuDw
      a=fingerprint:sha-256 \
      7D:11:C1:6C:17:1A:C7:53:6A:EA:31:37:D8:0C:85:B4:4A:01:AF:54:9F:FB:02:19:67:43:5C:8B:2E:60:5B:2A
      a=setup:actpass
      a=rtcp-mux
      a=mid:0
      a=recvonly
      a=rtpmap:96 VP8/90000
      """;

  @Test
  void aTokenReachesNoConnectionOfAnotherSession() throws Exception {
    JsonNode watched = create();
    JsonNode other = create();
    HttpResponse<String> answer =
        send(
            at(path(watched) + "/whep", watched.path("token").asText())
                .setHeader("content-type", "application/sdp")
                .POST(BodyPublishers.ofString(OFFER)));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
    String own = answer.headers().firstValue("location").orElseThrow();
    String foreign = own.replace(watched.path("id").asText(), other.path("id").asText());

    assertThat(send(at(foreign, other.path("token").asText()).DELETE()).statusCode())
        .isEqualTo(404);
    assertThat(send(at(own, watched.path("token").asText()).DELETE()).statusCode()).isEqualTo(200);
    end(watched);
    end(other);
  }

  @Test
  void anAvatarsNameIsNoPath() throws Exception {
    for (String path : List.of(AVATARS.resolve("tiny").toAbsolutePath().toString(), "../tiny")) {
      String body = MAPPER.writeValueAsString(Map.of("avatar", path));
      assertThat(post("/v1/sessions", own, body).statusCode()).as(path).isEqualTo(404);
    }
  }

  @Test
  void speaksASoundThatIsSent() throws Exception {
    JsonNode session = create();
    try {
      HttpResponse<String> spoken = sound(session, "audio/wav", wav(16_000));
      assertThat(spoken.statusCode()).as(spoken.body()).isEqualTo(204);
      HttpResponse<String> noise =
          sound(session, "audio/mpeg", "no sound".getBytes(StandardCharsets.UTF_8));
      assertThat(noise.statusCode()).isEqualTo(400);
      assertThat(noise.body()).contains("what was sent").doesNotContain("/tmp");
      assertThat(sound(session, "audio/wav", new byte[0]).statusCode()).isEqualTo(400);
      assertThat(sound(session, "image/png", wav(100)).statusCode()).isEqualTo(415);
    } finally {
      end(session);
    }
  }

  private static HttpResponse<String> sound(JsonNode session, String type, byte[] body)
      throws Exception {
    return send(
        at(path(session) + "/speak", own)
            .setHeader("content-type", type)
            .POST(BodyPublishers.ofByteArray(body)));
  }

  /** A tone of 16 kHz. */
  private static byte[] wav(int samples) {
    ByteBuffer wav = ByteBuffer.allocate(44 + 2 * samples).order(ByteOrder.LITTLE_ENDIAN);
    wav.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + 2 * samples);
    wav.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
    wav.putShort((short) 1).putShort((short) 1).putInt(16_000).putInt(32_000);
    wav.putShort((short) 2).putShort((short) 16);
    wav.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(2 * samples);
    for (int i = 0; i < samples; i++) {
      wav.putShort((short) (9_000 * Math.sin(i * 0.17)));
    }
    return wav.array();
  }

  @Test
  void aSessionIsRecordedAndItsVideoOutlivesIt() throws Exception {
    JsonNode session = create();
    String token = session.path("token").asText();
    HttpResponse<String> begun = post(path(session) + "/recordings", token, "");
    assertThat(begun.statusCode()).as(begun.body()).isEqualTo(201);
    String recording = begun.headers().firstValue("location").orElseThrow();
    HttpResponse<String> second = post(path(session) + "/recordings", token, "");
    assertThat(second.statusCode()).as("one at a time").isEqualTo(409);
    assertThat(second.headers().firstValue("content-type")).hasValue("application/problem+json");
    assertThat(second.body()).contains("is being recorded", "stop that recording first");
    assertThat(post(path(session) + "/recordings/none/stop", token, "").statusCode())
        .isEqualTo(404);
    post(path(session) + "/speak", token, "{\"text\": \"Hello.\"}");
    // It thinks from that call on, so that words are awaited that are over by now.
    while (!get(path(session) + "/state", token).body().contains("idle")) {
      Thread.sleep(20);
    }
    JsonNode done = MAPPER.readTree(post(recording + "/stop", token, "").body());
    assertThat(post(recording + "/stop", token, "").statusCode())
        .as("it may end by itself a moment before it is stopped")
        .isEqualTo(200);
    end(session);

    assertThat(done.path("state").asText()).as(done.toString()).isEqualTo("ready");
    assertThat(done.path("seconds").asDouble()).isGreaterThan(0.5);
    Path file = data.resolve("video.mp4");
    HttpResponse<Path> video =
        client.send(at(done.path("video").asText(), token).build(), BodyHandlers.ofFile(file));
    assertThat(video.headers().firstValue("content-type")).hasValue("video/mp4");
    assertThat(Files.size(file)).isEqualTo(done.path("bytes").asLong());
    double loudest = 0;
    long samples = 0;
    try (AudioFile sound = AudioFile.open(file)) {
      float[] read = new float[4800];
      for (int count = sound.read(read, 4800); count > 0; count = sound.read(read, 4800)) {
        samples += count;
        for (int i = 0; i < count; i++) {
          loudest = Math.max(loudest, Math.abs(read[i]));
        }
      }
    }
    assertThat(loudest).as("the voice").isGreaterThan(0.05);
    // The thread of the pictures may have been behind that of the sounds when it was stopped.
    double seconds = done.path("seconds").asDouble();
    assertThat(samples / 48_000.0).isBetween(seconds - 0.2, seconds + 5);
    assertThat(get("/v1/recordings", own).body()).contains(done.path("id").asText());
    assertThat(get("/v1/recordings", token).statusCode()).isEqualTo(401);
    assertThat(send(at(recording, token).DELETE()).statusCode()).isEqualTo(204);
    assertThat(get(recording, token).statusCode()).isEqualTo(404);
  }

  @Test
  void anAvatarIsImportedTalkedWithAndDeleted() throws Exception {
    // Whoever imports it names it.
    HttpResponse<String> taken = send(archive("mini", "name: other"));
    assertThat(taken.statusCode()).as(taken.body()).isEqualTo(202);
    assertThat(imported("mini").path("state").asText()).isEqualTo("ready");

    assertThat(get("/v1/avatars/mini", own).body()).contains("\"widthPx\"");
    HttpResponse<String> created = post("/v1/sessions", own, "{\"avatar\": \"mini\"}");
    assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
    assertThat(send(archive("mini", "name: mini")).statusCode()).isEqualTo(409);
    assertThat(send(at("/v1/avatars/mini", own).DELETE()).statusCode()).isEqualTo(409);
    end(MAPPER.readTree(created.body()));
    assertThat(send(at("/v1/avatars/mini", own).DELETE()).statusCode()).isEqualTo(204);
    assertThat(get("/v1/avatars/mini", own).statusCode()).isEqualTo(404);
    assertThat(send(at("/v1/avatars/tiny", own).DELETE()).statusCode())
        .as("what came with the program stays")
        .isEqualTo(409);
  }

  @Test
  void anImportThatFailsSaysWhyAndLeavesNothing() throws Exception {
    assertThat(send(archive("micro", "nmae: micro")).statusCode()).isEqualTo(202);
    assertThat(imported("micro").path("message").asText()).contains("unknown key nmae");
    HttpRequest.Builder noZip =
        at("/v1/avatars/nozip/import", own)
            .setHeader("content-type", "application/zip")
            .POST(BodyPublishers.ofString("no archive"));
    assertThat(send(noZip).statusCode()).isEqualTo(202);
    assertThat(imported("nozip").path("state").asText()).isEqualTo("failed");
    assertThat(get("/v1/avatars/micro", own).statusCode()).isEqualTo(404);
    try (Stream<Path> left = Files.list(data.resolve("avatars"))) {
      assertThat(left.map(each -> each.getFileName().toString()))
          .noneMatch(each -> each.startsWith(".") || each.equals("micro"));
    }
    // Over HTTP/2 such a path is answered with a reset where its body is still being sent.
    HttpRequest.Builder outside =
        at("/v1/avatars/..%2Fup/import", own)
            .version(HttpClient.Version.HTTP_1_1)
            .setHeader("content-type", "application/zip")
            .POST(BodyPublishers.ofString("no archive"));
    assertThat(send(outside).statusCode()).isEqualTo(400);
  }

  private static JsonNode imported(String name) throws Exception {
    while (true) {
      JsonNode stand = MAPPER.readTree(get("/v1/avatars/" + name + "/import", own).body());
      if (Set.of("ready", "failed").contains(stand.path("state").asText())) {
        return stand;
      }
      Thread.sleep(20);
    }
  }

  /** Tiny under another name. */
  private static HttpRequest.Builder archive(String name, String line) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes);
        Stream<Path> files = Files.walk(AVATARS.resolve("tiny"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        zip.putNextEntry(new ZipEntry("folder/" + AVATARS.resolve("tiny").relativize(file)));
        copy(file, line, zip);
      }
    }
    // Over HTTP/2 a refusal of a body that is still being sent may reach this client as a reset.
    return at("/v1/avatars/" + name + "/import", own)
        .version(HttpClient.Version.HTTP_1_1)
        .setHeader("content-type", "application/zip")
        .POST(BodyPublishers.ofByteArray(bytes.toByteArray()));
  }

  private static void copy(Path file, String line, OutputStream to) throws IOException {
    if (file.endsWith("avatar.yaml")) {
      to.write(
          Files.readString(file)
              .replaceFirst("(?m)^name: tiny$", line)
              .getBytes(StandardCharsets.UTF_8));
    } else {
      Files.copy(file, to);
    }
  }
}
