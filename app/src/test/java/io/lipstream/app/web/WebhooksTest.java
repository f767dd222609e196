package io.lipstream.app.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.lipstream.app.config.Secret;
import io.lipstream.app.config.ServeConfigs;
import io.lipstream.app.config.WebhooksConfig;
import io.lipstream.app.live.SessionEvent;
import io.lipstream.app.live.SessionEvent.Caption;
import io.lipstream.app.live.SessionEvent.Ended;
import io.lipstream.app.server.ServeRole;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a real receiver on this machine is sent. */
final class WebhooksTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String SECRET = "whsec-0123456789abcdef";
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  private record Received(String path, String signature, String body) {
    JsonNode json() {
      try {
        return MAPPER.readTree(body);
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    String type() {
      return json().path("type").asText();
    }
  }

  private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();

  /** Of the next answers; 200 when there is none. */
  private final Deque<Integer> statuses = new ConcurrentLinkedDeque<>();

  private final List<AutoCloseable> open = new ArrayList<>();
  private HttpServer server;

  @BeforeEach
  void listen() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::take);
    server.start();
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open.reversed()) {
      each.close();
    }
    server.stop(0);
  }

  private void take(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      received.add(
          new Received(
              exchange.getRequestURI().toString(),
              exchange.getRequestHeaders().getFirst("Lipstream-Signature"),
              body));
      Integer status = statuses.poll();
      exchange.getResponseHeaders().set("Location", "/elsewhere");
      exchange.sendResponseHeaders(status == null ? 200 : status, -1);
    }
  }

  private Received next() throws InterruptedException {
    return Objects.requireNonNull(received.poll(60, TimeUnit.SECONDS), "nothing came");
  }

  private String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  private Webhooks webhooks(boolean privateAddresses, int retries, Webhooks.Names names) {
    Webhooks made =
        new Webhooks(
            new WebhooksConfig("", List.of(), new Secret(SECRET), privateAddresses, 60, retries),
            InstantSource.fixed(NOW),
            names);
    open.add(made);
    return made;
  }

  private Webhooks webhooks(boolean privateAddresses, int retries) {
    return webhooks(privateAddresses, retries, InetAddress::getAllByName);
  }

  private WebhookDelivery to(Webhooks webhooks, String url, String... events) {
    return webhooks.begin("s1", webhooks.named(url, List.of(events)));
  }

  private static void await(java.util.function.BooleanSupplier reached) {
    long end = System.nanoTime() + 60_000_000_000L;
    while (!reached.getAsBoolean()) {
      assertThat(System.nanoTime()).as("patience").isLessThan(end);
      java.util.concurrent.locks.LockSupport.parkNanos(2_000_000);
    }
  }

  @Test
  void eventsComeInOrderSignedAndNumbered() throws Exception {
    Webhooks webhooks = webhooks(true, 0);
    WebhookDelivery delivery = to(webhooks, url("/hook?a=b"));
    delivery.accept(new Caption("Hello,", 0, 200));
    delivery.accept(new Ended("it was closed"));

    Received first = next();
    assertThat(first.path()).isEqualTo("/hook?a=b");
    assertThat(first.body())
        .isEqualTo(
            "{\"session\":\"s1\",\"number\":0,\"at\":\"2026-03-01T12:00:00Z\",\"type\":\"caption\","
                + "\"text\":\"Hello,\",\"startMillis\":0,\"endMillis\":200}");
    assertThat(first.signature())
        .isEqualTo(Webhooks.signature(SECRET, NOW.getEpochSecond(), first.body()));
    Received last = next();
    assertThat(last.type()).isEqualTo("ended");
    assertThat(last.json().path("number").asLong()).isEqualTo(1);
    await(() -> webhooks.deliveredCount() == 2);
  }

  /** The same as the example of docs/api.md verifies, which .ci/api runs. */
  @Test
  void theSignatureIsThatOfTheDocument() {
    assertThat(Webhooks.signature(SECRET, 1_772_366_400, "{\"session\":\"s1\"}"))
        .isEqualTo(
            "t=1772366400,v1=f5453b8b907a191122695a77ab28676aedce34eff8b55d61a1b504141f399adb");
  }

  @Test
  void whatWasNotAskedForIsNotSent() throws Exception {
    WebhookDelivery delivery = to(webhooks(true, 0), url("/"), "ended");
    delivery.accept(new Caption("Hello,", 0, 200));
    delivery.accept(new Ended("it was closed"));

    assertThat(next().type()).isEqualTo("ended");
  }

  @Test
  void whatWasNotTakenIsSentAgain() throws Exception {
    statuses.addAll(List.of(503, 429));
    Webhooks webhooks = webhooks(true, 2);
    WebhookDelivery delivery = to(webhooks, url("/"));
    delivery.accept(new Caption("Hello,", 0, 200));
    delivery.accept(new Ended("it was closed"));

    assertThat(List.of(next().type(), next().type(), next().type(), next().type()))
        .containsExactly("caption", "caption", "caption", "ended");
    await(() -> webhooks.deliveredCount() == 2);
    assertThat(webhooks.failedCount()).isZero();
  }

  @Test
  void aReceiverThatSaysNoIsNotAskedAgainAndARedirectNotFollowed() throws Exception {
    statuses.addAll(List.of(400, 307));
    Webhooks webhooks = webhooks(true, 5);
    WebhookDelivery delivery = to(webhooks, url("/"));
    delivery.accept(new Caption("Hello,", 0, 200));
    delivery.accept(new Caption("you.", 200, 400));
    delivery.accept(new Ended("it was closed"));

    assertThat(List.of(next(), next(), next()))
        .extracting(Received::path)
        .containsExactly("/", "/", "/");
    await(() -> webhooks.deliveredCount() == 1);
    assertThat(webhooks.failedCount()).isEqualTo(2);
    assertThat(received).isEmpty();
  }

  @Test
  void aReceiverThatHangsHoldsNobodyUpAndTheNewestIsDropped() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    server.createContext(
        "/slow",
        exchange -> {
          try {
            assertThat(go.await(60, TimeUnit.SECONDS)).isTrue();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
          take(exchange);
        });
    Webhooks webhooks = webhooks(true, 10);
    WebhookDelivery delivery = to(webhooks, url("/slow"));
    int told = 3 * WebhookDelivery.MAX_WAITING;
    for (int i = 0; i < told; i++) {
      delivery.accept(new Caption("word", i, i + 1));
    }
    delivery.accept(new Ended("it was closed"));
    go.countDown();

    Received last = next();
    int came = 1;
    for (; !last.type().equals("ended"); came++) {
      last = next();
    }
    assertThat(came).isBetween(WebhookDelivery.MAX_WAITING + 1, WebhookDelivery.MAX_WAITING + 2);
    assertThat(last.json().path("number").asLong()).isEqualTo(told);
    assertThat(last.json().path("droppedBefore").asInt()).isEqualTo(told + 1 - came);
    assertThat(webhooks.droppedCount()).isEqualTo(told + 1 - came);
  }

  @Test
  void aReceiverThatWasAwayIsToldWhatIsNewWhenItComesBack() throws Exception {
    int port = server.getAddress().getPort();
    Webhooks webhooks = webhooks(true, 0);
    WebhookDelivery delivery = to(webhooks, url("/"));
    server.stop(0);
    delivery.accept(new Caption("lost", 0, 1));
    await(() -> webhooks.failedCount() == 1);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext("/", this::take);
    server.start();
    delivery.accept(new Caption("here", 1, 2));

    assertThat(next().json().path("text").asText()).isEqualTo("here");
    delivery.accept(new Ended("it was closed"));
    assertThat(next().type()).isEqualTo("ended");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1/",
        "http://localhost:8080/",
        "http://[::1]/",
        "http://169.254.169.254/",
        "http://10.0.0.1/",
        "https://[::ffff:192.168.0.1]/",
        "http://0.0.0.0/",
        "http://2130706433/"
      })
  void aSessionCannotHaveUsCallWhatOnlyWeCanReach(String url) {
    Webhooks webhooks = webhooks(false, 0);

    assertThatThrownBy(() -> webhooks.named(url, List.of()))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("private network");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ftp://example.org/",
        "file:///etc/passwd",
        "http:///x",
        "http://a:b@example.org/",
        "x",
        "http://example.org/#a",
        "http://example.org:0/",
        "http://a b/"
      })
  void whatIsNoUrlIsRefused(String url) {
    Webhooks webhooks = webhooks(true, 0);

    assertThatThrownBy(() -> webhooks.named(url, List.of()))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("none that can be called");
  }

  @Test
  void aNameThatPointsElsewhereAMomentLaterLeadsNowhere() throws Exception {
    InetAddress[] points = {InetAddress.getByName("93.184.216.34")};
    Webhooks webhooks = webhooks(false, 0, host -> points.clone());
    int port = server.getAddress().getPort();
    Webhooks.Target target = webhooks.named("http://rebound.example:" + port + "/", List.of());
    points[0] = InetAddress.getLoopbackAddress();
    WebhookDelivery delivery = webhooks.begin("s1", target);
    delivery.accept(new Ended("it was closed"));

    await(() -> webhooks.failedCount() == 1);
    assertThat(received).isEmpty();
  }

  @Test
  void aNamedHostIsCalledAtTheAddressThatWasJudged() throws Exception {
    Webhooks webhooks =
        webhooks(true, 0, host -> new InetAddress[] {InetAddress.getLoopbackAddress()});
    int port = server.getAddress().getPort();
    WebhookDelivery delivery = to(webhooks, "http://hook.example:" + port + "/x");
    delivery.accept(new Ended("it was closed"));

    assertThat(next().path()).isEqualTo("/x");
  }

  private ServeRole role(Path data, String webhooks, String more) {
    ServeRole role =
        ServeRole.start(
            new ServeRole.Setting(
                ServeConfigs.parse(
                    """
                    server: {port: 0, drain_timeout_seconds: 0}
                    api: {data_folder: '%s'%s}
                    live: {avatar: tiny}
                    metrics: {enabled: false}
                    webhooks: %s
                    """
                        .formatted(data, more, webhooks)),
                Path.of(""),
                Catalogue.empty(),
                new AvatarStore(List.of(Path.of("../avatars"))),
                Map.of()));
    open.add(role);
    return role;
  }

  private static HttpResponse<String> post(ServeRole role, String path, String body)
      throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + role.port() + path))
              .header("content-type", "application/json")
              .header("authorization", "Bearer " + role.key().orElseThrow().value())
              .POST(BodyPublishers.ofString(body))
              .build(),
          BodyHandlers.ofString());
    }
  }

  @Test
  void aSessionTellsItsOwnWebhookAndTheServers(@TempDir Path data) throws Exception {
    ServeRole role =
        role(
            data,
            "{url: '%s', events: [ended], secret: %s, private_addresses: true}"
                .formatted(url("/all"), SECRET),
            "");
    HttpResponse<String> created =
        post(
            role,
            "/v1/sessions",
            "{\"webhook\": {\"url\": \"%s\", \"events\": [\"state\", \"caption\", \"recording\", \"ended\"]}}"
                .formatted(url("/mine")));
    assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
    String path = created.headers().firstValue("location").orElseThrow();
    HttpResponse<String> recording = post(role, path + "/recordings", "");
    post(role, path + "/say", "{\"text\": \"Hello.\"}");
    List<String> mine = new ArrayList<>();
    List<String> all = new ArrayList<>();
    while (all.isEmpty() || !mine.contains("ended ")) {
      Received one = next();
      assertThat(one.json().path("session").asText())
          .isEqualTo(MAPPER.readTree(created.body()).path("id").asText());
      String said = one.type() + " " + one.json().path("state").asText();
      (one.path().equals("/all") ? all : mine).add(said);
      if (mine.contains("caption ") && said.equals("state idle")) {
        post(role, recording.headers().firstValue("location").orElseThrow() + "/stop", "");
        role.close();
      }
    }

    assertThat(all).containsExactly("ended ");
    assertThat(mine)
        .startsWith("state idle")
        .containsSubsequence(
            "recording recording",
            "state speaking",
            "caption ",
            "state idle",
            "recording ready",
            "ended ");
  }

  @Test
  void aWebhookThatCannotBeIsRefusedWithTheSession(@TempDir Path data) throws Exception {
    String body = "{\"webhook\": %s}";
    ServeRole with = role(data.resolve("a"), "{secret: %s}".formatted(SECRET), "");
    Map<String, String> refusals =
        Map.of(
            "{\"url\": \"http://127.0.0.1:1/\"}", "private network",
            "{\"url\": \"http://1.1.1.1/\", \"events\": [\"x\"]}", "choose out of state",
            "{\"url\": \"http://1.1.1.1/\", \"events\": \"ended\"}", "list of events",
            "{\"url\": 1}", "must hold a url",
            "{\"uri\": \"http://1.1.1.1/\"}", "must hold a url",
            "\"http://1.1.1.1/\"", "webhook must be an object");
    for (Map.Entry<String, String> each : refusals.entrySet()) {
      HttpResponse<String> refused = post(with, "/v1/sessions", body.formatted(each.getKey()));
      assertThat(refused.statusCode()).as(each.getKey()).isEqualTo(400);
      assertThat(refused.body()).contains(each.getValue());
    }
    ServeRole without = role(data.resolve("b"), "{}", "");
    HttpResponse<String> refused =
        post(without, "/v1/sessions", body.formatted("{\"url\": \"http://1.1.1.1/\"}"));
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains("calls no webhooks", "webhooks.secret");
  }

  @Test
  void visitorsOfThePageCannotNameOne(@TempDir Path data) throws Exception {
    ServeRole role = role(data, "{secret: %s}".formatted(SECRET), ", page: anyone");
    URI base = URI.create("http://127.0.0.1:" + role.port());
    try (HttpClient client = HttpClient.newHttpClient()) {
      String cookie =
          client
              .send(HttpRequest.newBuilder(base.resolve("/")).build(), BodyHandlers.ofString())
              .headers()
              .firstValue("set-cookie")
              .orElseThrow();
      HttpResponse<String> refused =
          client.send(
              HttpRequest.newBuilder(base.resolve("/v1/sessions"))
                  .header("content-type", "application/json")
                  .header("cookie", cookie.substring(0, cookie.indexOf(';')))
                  .POST(BodyPublishers.ofString("{\"webhook\": {\"url\": \"http://1.1.1.1/\"}}"))
                  .build(),
              BodyHandlers.ofString());
      assertThat(refused.statusCode()).isEqualTo(403);
    }
  }

  @Test
  void everyKindOfEventHasAName() {
    assertThat(Set.copyOf(WebhooksConfig.EVENTS))
        .hasSameSizeAs(SessionEvent.class.getPermittedSubclasses())
        .contains(EventText.of(new Ended("")).path("type").asText());
  }
}
