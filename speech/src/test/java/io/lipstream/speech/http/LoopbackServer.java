package io.lipstream.speech.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A real HTTP server on this machine that does with each request what the test says. */
public final class LoopbackServer implements AutoCloseable {
  public static final String KEY = "sk-secret-123";

  private static final Duration PATIENT = Duration.ofSeconds(60);

  /** Of who waits for a server that says nothing at all. */
  private static final Duration HASTY = Duration.ofMillis(500);

  /** Long enough for a busy machine to go on. */
  private static final Duration IMPATIENT = Duration.ofSeconds(6);

  /** What the server does with one request. */
  public interface Reply {
    void to(HttpExchange exchange) throws IOException;
  }

  /** What came. */
  public record Request(String path, String contentType, String authorization, String body) {
    public JsonNode json() {
      try {
        return new ObjectMapper().readTree(body);
      } catch (IOException e) {
        throw new UncheckedIOException(body, e);
      }
    }
  }

  private final List<Request> requests = Collections.synchronizedList(new ArrayList<>());
  private final Queue<Reply> replies = new ArrayDeque<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final ExecutorService handlers = Executors.newCachedThreadPool();
  private final HttpServer server;

  public LoopbackServer() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(handlers);
    server.createContext("/", this::serve);
    server.start();
  }

  /** Says what happens to the next request not spoken for. */
  public void will(Reply reply) {
    synchronized (replies) {
      replies.add(reply);
    }
  }

  public List<Request> requests() {
    return requests;
  }

  public int port() {
    return server.getAddress().getPort();
  }

  /** The way to this server, with patience, as fast to try again as can be. */
  public ApiServer at(ApiService service, int retries) {
    return at(service, port(), retries);
  }

  public static ApiServer at(ApiService service, int port, int retries) {
    return new ApiServer(
        service,
        URI.create("http://127.0.0.1:" + port + "/v1/"),
        "some-model",
        KEY,
        PATIENT,
        PATIENT,
        PATIENT,
        retries,
        Duration.ofMillis(1));
  }

  /** The same, giving up soon where no answer begins. */
  public ApiServer hasty(ApiService service) {
    return at(service, 0).withPatience(PATIENT, HASTY, PATIENT, 0, Duration.ofMillis(1));
  }

  /** The same, giving up after some seconds of silence in an answer. */
  public ApiServer impatient(ApiService service) {
    return at(service, 0).withPatience(PATIENT, PATIENT, IMPATIENT, 0, Duration.ofMillis(1));
  }

  /** A port that is nobody else's and at which nobody listens. */
  public static Socket deafPort() throws IOException {
    Socket socket = new Socket();
    socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    return socket;
  }

  private void serve(HttpExchange exchange) throws IOException {
    requests.add(
        new Request(
            exchange.getRequestURI().getPath(),
            String.valueOf(exchange.getRequestHeaders().getFirst("Content-Type")),
            String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")),
            new String(
                exchange.getRequestBody().readAllBytes(),
                java.nio.charset.StandardCharsets.ISO_8859_1)));
    Reply reply;
    synchronized (replies) {
      reply = replies.remove();
    }
    reply.to(exchange);
  }

  public static Reply status(int status, String body) {
    return exchange -> answer(exchange, status, body.getBytes(UTF_8));
  }

  public static Reply ok(String contentType, byte[] body) {
    return exchange -> {
      exchange.getResponseHeaders().add("Content-Type", contentType);
      answer(exchange, 200, body);
    };
  }

  /** Never answers, until the test ends. */
  public Reply hang() {
    return exchange -> await(ended);
  }

  /** Begins an answer and then says nothing more, until the test ends. */
  public Reply stall(byte[] beginning) {
    return exchange -> {
      exchange.sendResponseHeaders(200, 0);
      exchange.getResponseBody().write(beginning);
      exchange.getResponseBody().flush();
      await(ended);
    };
  }

  /** Begins an answer and closes the connection before its end. */
  public static Reply cutOff(String contentType, byte[] beginning) {
    return exchange -> {
      exchange.getResponseHeaders().add("Content-Type", contentType);
      exchange.sendResponseHeaders(200, beginning.length + 1_000);
      exchange.getResponseBody().write(beginning);
      exchange.getResponseBody().flush();
      exchange.close();
    };
  }

  /** Sends the same bytes for ever; the latch falls when the reader hangs up. */
  public static Reply endless(byte[] beginning, byte[] again, CountDownLatch hungUp) {
    return exchange -> {
      exchange.sendResponseHeaders(200, 0);
      try {
        exchange.getResponseBody().write(beginning);
        while (true) {
          exchange.getResponseBody().write(again);
          exchange.getResponseBody().flush();
        }
      } catch (IOException closedByTheReader) {
        hungUp.countDown();
      }
    };
  }

  private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  public static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    ended.countDown();
    server.stop(0);
    handlers.shutdownNow();
  }
}
