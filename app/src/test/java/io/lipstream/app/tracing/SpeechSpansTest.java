package io.lipstream.app.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.lipstream.app.config.ServeConfigs;
import io.lipstream.app.server.ServeRole;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.streaming.webrtc.WatchSettings;
import io.lipstream.streaming.webrtc.WatchingPeer;
import io.lipstream.streaming.webrtc.WebRtcEndpoint;
import io.lipstream.streaming.webrtc.WebRtcSettings;
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
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An utterance from the call that asks for it to its first packet, as a collector hears of it. */
final class SpeechSpansTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

  /** Enough of them that a mouth is drawn in time on a machine with other things to do. */
  private static final String WORDS = "Whoever reads this has time for more of it. ".repeat(4);

  private static final byte[] TRACE_BYTES = bytes(TRACE);

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  /** One that waits for what it is shown. */
  private static final class Watching implements WatchingPeer.Listener {
    final CountDownLatch pictures = new CountDownLatch(5);

    @Override
    public void connected() {}

    @Override
    public void picture(byte[] data, int length, boolean keyFrame, long presentationNanos) {
      pictures.countDown();
    }

    @Override
    public void sound(byte[] data, int offset, int length, long presentationNanos) {}

    @Override
    public void ended() {}

    @Override
    public void closed(String reason) {}
  }

  @TempDir private Path data;

  @Test
  void aCallersTraceGoesOnToTheFirstPacket() throws Exception {
    BlockingQueue<String> posted = new LinkedBlockingQueue<>();
    HttpServer collector = collector(posted);
    String config =
        """
        server: {port: 0, drain_timeout_seconds: 0}
        api: {auth: false, data_folder: '%s'}
        live: {avatar: tiny}
        metrics: {enabled: false}
        tracing: {exporter: otlp, endpoint: 'http://localhost:%d/v1/traces'}
        """
            .formatted(data, collector.getAddress().getPort());
    WebRtcSettings here =
        WebRtcSettings.onPort(0).withBindAddress(InetAddress.getLoopbackAddress()).withTcp(false);
    Watching seen = new Watching();
    String spans = "";
    try (WebRtcEndpoint own = WebRtcEndpoint.open(here, System::nanoTime);
        HttpClient client = HttpClient.newHttpClient()) {
      try (ServeRole role =
          ServeRole.start(
              new ServeRole.Setting(
                  ServeConfigs.parse(config),
                  Path.of(""),
                  Catalogue.empty(),
                  new AvatarStore(List.of(Path.of("../avatars"))),
                  Map.of()))) {
        String base = "http://127.0.0.1:" + role.port();
        String session = base + path(post(client, base + "/v1/sessions", "application/json", "{}"));
        WatchingPeer watching = own.watch(WatchSettings.DEFAULT, seen);
        watching.accept(
            post(client, session + "/whep", "application/sdp", watching.offer()).body());
        assertThat(seen.pictures.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(
                post(
                        client,
                        session + "/say",
                        "application/json",
                        "{\"text\": \"%s\"}".formatted(WORDS))
                    .statusCode())
            .isEqualTo(204);
        // Exported some seconds after its end.
        while (!spans.contains("first packet")) {
          String more = posted.poll(60, TimeUnit.SECONDS);
          assertThat(more).as("what was exported: " + spans).isNotNull();
          spans += more;
        }
      }
    } finally {
      collector.stop(0);
    }
    for (String more = posted.poll(); more != null; more = posted.poll()) {
      spans += more;
    }
    assertThat(spans)
        .contains("lipstream-serve", "POST /v1/sessions/{id}/say", "speak")
        .contains("first sound", "features", "inference", "first picture", "first packet");
    // The call, the utterance and its five parts are of the caller's trace.
    String trace = new String(TRACE_BYTES, StandardCharsets.ISO_8859_1);
    assertThat(spans.split(Pattern.quote(trace), -1)).hasSize(1 + 7);
  }

  private static HttpServer collector(BlockingQueue<String> posted) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          posted.add(
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.ISO_8859_1));
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
    return server;
  }

  private static String path(HttpResponse<String> created) throws IOException {
    assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
    return "/v1/sessions/" + new ObjectMapper().readTree(created.body()).path("id").asText();
  }

  private static HttpResponse<String> post(HttpClient client, String url, String type, String body)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url))
            .header("Content-Type", type)
            .POST(BodyPublishers.ofString(body));
    if (url.endsWith("/say")) {
      request.header("traceparent", "00-" + TRACE + "-b7ad6b7169203331-01");
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }
}
