package io.lipstream.app.metrics;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.lipstream.app.config.MetricsConfig;
import io.lipstream.media.LipstreamException;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * HTTP for machines that watch: {@code /metrics}, {@code /livez} (and {@code /healthz}) while the
 * process lives, {@code /readyz} while it takes work.
 */
public final class MetricsPort implements AutoCloseable {
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
  private static final int BACKLOG = 16;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  private record Answer(int status, String type, String body) {}

  /**
   * Opens the port.
   *
   * @throws LipstreamException ENVIRONMENT if it is taken or the address is not this machine's
   */
  public MetricsPort(
      MetricsConfig config, PrometheusMeterRegistry registry, BooleanSupplier ready) {
    try {
      server =
          HttpServer.create(
              new InetSocketAddress(InetAddress.getByName(config.address()), config.port()),
              BACKLOG);
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "the metrics port "
              + config.address()
              + ":"
              + config.port()
              + " cannot be opened: "
              + (e instanceof BindException ? "it is taken" : e.toString()),
          "set metrics.port to a free one, or metrics.enabled to false",
          e);
    }
    server.setExecutor(threads);
    answer("/metrics", () -> new Answer(200, PROMETHEUS, registry.scrape()));
    answer("/livez", () -> new Answer(200, TEXT, "alive\n"));
    answer("/healthz", () -> new Answer(200, TEXT, "alive\n"));
    answer(
        "/readyz",
        () ->
            ready.getAsBoolean()
                ? new Answer(200, TEXT, "ready\n")
                : new Answer(503, TEXT, "draining\n"));
    server.start();
  }

  /** The port that was opened. */
  public int port() {
    return server.getAddress().getPort();
  }

  private void answer(String path, Supplier<Answer> content) {
    server.createContext(
        path,
        exchange -> {
          try (exchange) {
            // A context takes all paths that begin like its own.
            boolean exact = exchange.getRequestURI().getPath().equals(path);
            send(exchange, exact ? content.get() : new Answer(404, TEXT, "no such page\n"));
          }
        });
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", answer.type());
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(answer.status(), head ? -1 : body.length);
    if (!head) {
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.close();
  }
}
