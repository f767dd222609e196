package io.lipstream.app.load;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code lipstream serve} in a process of its own, so that what it uses is its alone. */
public final class LocalServer implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofMinutes(2);
  private static final Pattern PAGE = Pattern.compile("(?m)^ +page +(https?://\\S+)");
  private static final Pattern KEY = Pattern.compile("(?m)^ +key +(?:\\S+ kept )?in (.+?);");
  private static final String SETTINGS =
      """
      api: {data_folder: data, requests_per_second: 0}
      server: {port: 0, drain_timeout_seconds: 1}
      live: {max_sessions: 10000, quality: {headroom_percent: 0}}
      metrics: {port: 0}
      """;

  private final Process process;
  private final Path folder;
  private final Thread hook;
  private URI address = URI.create("http://localhost");

  private LocalServer(Process process, Path folder) {
    this.process = process;
    this.folder = folder;
    hook = new Thread(process::destroyForcibly, "local-server-end");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * Starts it and waits until it is ready.
   *
   * @param avatar to begin with; empty for the configuration's
   * @param config a configuration file; empty for one with free ports that refuses nobody, so that
   *     what too many sessions do to it is seen
   */
  public static LocalServer start(String avatar, String config) throws InterruptedException {
    try {
      Path folder = Files.createTempDirectory("lipstream-load-");
      Path settings = folder.resolve("serve.yaml");
      Files.writeString(settings, SETTINGS);
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(flags());
      command.addAll(List.of("-cp", System.getProperty("java.class.path")));
      command.addAll(List.of("io.lipstream.app.Lipstream", "serve", "--config"));
      command.add(config.isEmpty() ? settings.toString() : config);
      if (!avatar.isEmpty()) {
        command.addAll(List.of("--avatar", avatar));
      }
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile());
      LocalServer started = new LocalServer(builder.start(), folder);
      try {
        started.awaitReady();
      } catch (IOException | InterruptedException | RuntimeException e) {
        started.close();
        throw e;
      }
      return started;
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "a server cannot be started here: " + e.getMessage(),
          "start one with lipstream serve and give its address with --url",
          e);
    }
  }

  /** This process's own flags; a debugger's port or a coverage agent cannot be had twice. */
  private static List<String> flags() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> !flag.startsWith("-agentlib") && !flag.startsWith("-javaagent"))
        .toList();
  }

  private void awaitReady() throws IOException, InterruptedException {
    long until = System.nanoTime() + START_LIMIT.toNanos();
    while (true) {
      String log = log();
      Matcher page = PAGE.matcher(log);
      if (log.contains("\nready") && page.find()) {
        address = URI.create(page.group(1));
        return;
      }
      if (!process.isAlive() || System.nanoTime() > until) {
        throw new LipstreamException(
            LipstreamException.Kind.ENVIRONMENT,
            "the server did not start: " + log.strip().replace("\n", " / "),
            "lipstream doctor finds what this machine lacks");
      }
      Thread.sleep(100);
    }
  }

  /** What it printed so far. */
  public String log() throws IOException {
    return Files.readString(folder.resolve("log"));
  }

  /** What its calls need; empty where they need none. */
  public String key() throws IOException {
    Matcher file = KEY.matcher(log());
    return file.find() ? Files.readString(Path.of(file.group(1))).strip() : "";
  }

  public URI address() {
    return address;
  }

  public long pid() {
    return process.pid();
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    } catch (IllegalStateException e) {
      // The process ends already, and the hook does its work.
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      System.err.println("left behind: " + folder + ": " + e.getMessage());
    }
  }
}
