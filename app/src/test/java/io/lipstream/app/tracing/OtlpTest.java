package io.lipstream.app.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.lipstream.app.config.TracingConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Spans on their way to a collector that takes whatever is posted. */
final class OtlpTest {
  private final Map<String, String> posted = new ConcurrentHashMap<>();
  private final HttpServer collector = collector();

  private HttpServer collector() {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/",
          exchange -> {
            boolean zipped =
                "gzip".equals(exchange.getRequestHeaders().getFirst("content-encoding"));
            byte[] body =
                zipped
                    ? new GZIPInputStream(exchange.getRequestBody()).readAllBytes()
                    : exchange.getRequestBody().readAllBytes();
            posted.put(
                exchange.getRequestURI().getPath()
                    + " "
                    + exchange.getRequestHeaders().getFirst("content-type"),
                new String(body, StandardCharsets.ISO_8859_1));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
          });
      server.start();
      return server;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @AfterEach
  void stop() {
    collector.stop(0);
  }

  @Test
  void closingSendsWhatWaitsToTheCollector() {
    String endpoint = "http://localhost:" + collector.getAddress().getPort() + "/v1/traces";
    try (Tracing tracing =
        Tracing.of(new TracingConfig("otlp", endpoint, 1), "lipstream-inference")) {
      tracing.tracer().spanBuilder("draw mouths").startSpan().end();
    }
    assertThat(posted).containsOnlyKeys("/v1/traces application/x-protobuf");
    assertThat(posted.get("/v1/traces application/x-protobuf"))
        .contains("draw mouths", "lipstream-inference");
  }

  @Test
  void noCollectorKeepsNobodyWaiting() {
    collector.stop(0);
    String endpoint = "http://localhost:" + collector.getAddress().getPort() + "/v1/traces";
    try (Tracing tracing =
        Tracing.of(new TracingConfig("otlp", endpoint, 1), "lipstream-inference")) {
      tracing.tracer().spanBuilder("draw mouths").startSpan().end();
    }
    assertThat(posted).isEmpty();
  }
}
