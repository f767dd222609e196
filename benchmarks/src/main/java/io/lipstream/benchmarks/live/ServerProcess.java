package io.lipstream.benchmarks.live;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * `lipstream serve` in a process of its own, so that its processor time is its alone, and the few
 * calls of its interface that a measured run needs.
 */
final class ServerProcess implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofMinutes(2);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The kernel's unit of processor time. */
  private static final long NANOS_PER_TICK = 10_000_000;

  private static final long WATCH_MILLIS = 100;

  /** What a thread had spent when it was last seen. */
  private record ThreadTime(String name, long cpuNanos) {}

  private final Map<String, ThreadTime> threads = new ConcurrentHashMap<>();
  private final Process process;
  private final Path folder;
  private final URI address;
  private final HttpClient http = HttpClient.newHttpClient();

  private ServerProcess(Process process, Path folder, URI address) {
    this.process = process;
    this.folder = folder;
    this.address = address;
  }

  /** Starts it with this avatar and waits until it answers. */
  static ServerProcess start(String avatar) throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("lipstream-live-");
    if (avatar.equals(SquareAda.NAME)) {
      SquareAda.write(folder);
    }
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of("io.lipstream.app.Lipstream", "serve"));
    command.addAll(List.of("--port", String.valueOf(port), "--avatar", avatar));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("XDG_DATA_HOME", folder.toString());
    builder.redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile());
    ServerProcess started =
        new ServerProcess(builder.start(), folder, URI.create("http://localhost:" + port));
    try {
      started.awaitAnswer();
      Thread.ofPlatform().name("watch").daemon().start(started::watchThreads);
    } catch (IOException | InterruptedException | RuntimeException e) {
      started.close();
      throw e;
    }
    return started;
  }

  private void awaitAnswer() throws IOException, InterruptedException {
    long until = System.nanoTime() + START_LIMIT.toNanos();
    while (true) {
      if (!process.isAlive() || System.nanoTime() > until) {
        throw new IOException("the server did not start:\n" + log());
      }
      try {
        if (send("GET", "/v1/avatars", "", "application/json").statusCode() == 200) {
          return;
        }
      } catch (ConnectException e) {
        Thread.sleep(100); // It is still starting.
      }
    }
  }

  private String log() throws IOException {
    return Files.readString(folder.resolve("log"));
  }

  /** The id of a new session. */
  String createSession() throws IOException, InterruptedException {
    HttpResponse<String> answer = post("/v1/sessions", "{}", "application/json");
    return JSON.readTree(answer.body()).path("id").asText();
  }

  void endSession(String id) throws IOException, InterruptedException {
    require(send("DELETE", "/v1/sessions/" + id, "", "application/json"));
  }

  JsonNode session(String id) throws IOException, InterruptedException {
    return JSON.readTree(require(send("GET", "/v1/sessions/" + id, "", "application/json")).body());
  }

  void say(String id, String text) throws IOException, InterruptedException {
    String body = JSON.writeValueAsString(Map.of("text", text));
    post("/v1/sessions/" + id + "/say", body, "application/json");
  }

  void interrupt(String id) throws IOException, InterruptedException {
    post("/v1/sessions/" + id + "/interrupt", "", "application/json");
  }

  /** The answer to a viewer's offer. */
  String whep(String id, String offer) throws IOException, InterruptedException {
    return post("/v1/sessions/" + id + "/whep", offer, "application/sdp").body();
  }

  private HttpResponse<String> post(String path, String body, String type)
      throws IOException, InterruptedException {
    return require(send("POST", path, body, type));
  }

  private static HttpResponse<String> require(HttpResponse<String> answer) throws IOException {
    if (answer.statusCode() / 100 != 2) {
      throw new IOException(answer.request().uri() + ": " + answer.body());
    }
    return answer;
  }

  private HttpResponse<String> send(String method, String path, String body, String type)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(address.resolve(path))
            .header("content-type", type)
            .header("authorization", "Bearer " + key())
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build();
    return http.send(request, HttpResponse.BodyHandlers.ofString());
  }

  /** The server's own, which it makes before it can be called. */
  private String key() throws IOException {
    Path file = folder.resolve("lipstream").resolve("api-key");
    return Files.exists(file) ? Files.readString(file).strip() : "none";
  }

  /** Processor time so far of the whole process; the kernel counts it in hundredths of seconds. */
  long cpuNanos() throws IOException {
    return ticks(Path.of("/proc", String.valueOf(process.pid()), "stat")) * NANOS_PER_TICK;
  }

  /** The same by thread names, without their numbers, also of threads that ended. */
  Map<String, Long> cpuNanosByThread() throws IOException {
    readThreads();
    Map<String, Long> found = new TreeMap<>();
    threads.values().forEach(thread -> found.merge(thread.name(), thread.cpuNanos(), Long::sum));
    return found;
  }

  /** Reads threads so often that one that ends has spent little since. */
  private void watchThreads() {
    try {
      while (process.isAlive()) {
        readThreads();
        Thread.sleep(WATCH_MILLIS);
      }
    } catch (IOException | InterruptedException e) {
      // The process ended.
    }
  }

  private void readThreads() throws IOException {
    try (Stream<Path> tasks = Files.list(Path.of("/proc", String.valueOf(process.pid()), "task"))) {
      for (Path task : tasks.toList()) {
        try {
          String name =
              Files.readString(task.resolve("comm")).strip().replaceAll("[-# ]*\\d+$", "");
          long nanos = ticks(task.resolve("stat")) * NANOS_PER_TICK;
          threads.put(task.getFileName().toString(), new ThreadTime(name, nanos));
        } catch (IOException e) {
          // It ended just now.
        }
      }
    }
  }

  private static long ticks(Path stat) throws IOException {
    String text = Files.readString(stat);
    String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", -1);
    return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      System.err.println("left behind: " + folder + ": " + e.getMessage());
    }
  }
}
