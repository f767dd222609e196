package io.lipstream.app;

import io.lipstream.app.load.LoadChart;
import io.lipstream.app.load.LoadPlan;
import io.lipstream.app.load.LoadReport;
import io.lipstream.app.load.LoadResult;
import io.lipstream.app.load.LoadRun;
import io.lipstream.app.load.LoadSearch;
import io.lipstream.app.load.LocalServer;
import io.lipstream.app.load.Sentences;
import io.lipstream.app.load.ServerCalls;
import io.lipstream.app.load.ServerCost;
import io.lipstream.app.load.ServiceLevel;
import io.lipstream.app.render.Progress;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.speech.Voices;
import io.lipstream.streaming.webrtc.WebRtcEndpoint;
import io.lipstream.streaming.webrtc.WebRtcSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code lipstream load}: how many sessions a server holds, and how well. */
@Command(
    name = "load",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description =
        "Puts sessions on a server that speak and rest at random moments, watches each over WebRTC,"
            + " and tells what came of it.",
    footer = {
      "",
      "Without --url a server is started in a process of its own, and ended afterwards.",
      "Pictures are received and counted, not decoded; what this tool itself uses is in the table.",
      "",
      "A service level has bounds with commas between them, on",
      ServiceLevel.NAMES + ".",
      "",
      "Examples:",
      "  lipstream load --sessions 8 --duty 0.3 --duration 60s",
      "  lipstream load --find-max --duty 0.2 --slo 'p99-fps>=25,late-mouths<=1%%' --svg load.svg",
      "  lipstream load --url https://avatars.example.org --key-file key.txt --sessions 20"
    })
@SuppressWarnings("NullAway.Init") // picocli fills the options in
final class LoadCommand implements Callable<Integer> {
  private static final Pattern DURATION = Pattern.compile("(\\d+(?:\\.\\d+)?)(s|m|h)");
  private static final int NOT_KEPT = 7;

  /** So long a server that was just started still compiles what it runs. */
  private static final Duration SETTLING = Duration.ofSeconds(30);

  @Spec CommandSpec spec;

  @Option(
      names = "--sessions",
      paramLabel = "N",
      defaultValue = "8",
      description = "Sessions at once; the first number to try with --find-max (default: 8).")
  int sessions;

  @Option(
      names = "--duty",
      paramLabel = "SHARE",
      defaultValue = "0.2",
      description = "Share of the time that each avatar speaks, 0 to 1 (default: 0.2).")
  double duty;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      defaultValue = "60s",
      description = "How long to measure: 30s, 5m, 1h (default: 60s).")
  String duration;

  @Option(
      names = "--warm-up",
      paramLabel = "TIME",
      defaultValue = "15s",
      description = "The same load before it is measured (default: 15s).")
  String warmUp;

  @Option(
      names = "--find-max",
      description = "Look for the most sessions that keep the service level.")
  boolean findMax;

  @Option(
      names = "--most",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Sessions that --find-max never exceeds (default: 1000).")
  int most;

  @Option(
      names = "--slo",
      paramLabel = "LEVEL",
      defaultValue = "p99-fps>=25,late-mouths<=1%",
      description = "The service level (default: p99-fps>=25,late-mouths<=1%%).")
  String level;

  @Option(
      names = "--avatar",
      paramLabel = "NAME",
      defaultValue = "ada",
      description = "Who speaks (default: ada).")
  String avatar;

  @Option(
      names = "--speech",
      paramLabel = "KIND",
      defaultValue = "SOUND",
      description =
          "sound: recordings, with a tone for each session; text: the server's voice speaks"
              + " (default: sound).")
  Speech speech;

  /** What avatars are given to say. */
  enum Speech {
    SOUND,
    TEXT
  }

  @Option(
      names = "--starts",
      paramLabel = "KIND",
      defaultValue = "RANDOM",
      description =
          "random: each avatar speaks when it likes; even: in turn, as many at any moment"
              + " (default: random).")
  LoadPlan.Starts starts;

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "A running server, such as http://localhost:8080.")
  @Nullable URI url;

  @Option(
      names = "--metrics-url",
      paramLabel = "URL",
      description = "That server's page for Prometheus, for its processor time and memory.")
  @Nullable URI metricsUrl;

  @Option(
      names = "--pid",
      paramLabel = "PID",
      description = "That server's process on this machine, for the same.")
  @Nullable Long pid;

  @Option(
      names = "--key-file",
      paramLabel = "FILE",
      description = "Holds an API key for that server.")
  @Nullable Path keyFile;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The configuration of the server that is started.")
  @Nullable Path config;

  @Option(
      names = "--seed",
      paramLabel = "NUMBER",
      defaultValue = "1",
      description = "Of the moments at which avatars speak (default: 1).")
  long seed;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the results there as JSON.")
  @Nullable Path json;

  @Option(names = "--svg", paramLabel = "FILE", description = "Draw them there as a chart.")
  @Nullable Path svg;

  @Option(names = "--quiet", description = "No progress.")
  boolean quiet;

  private boolean terminal;
  private long toldNanos;

  @Override
  public Integer call() throws InterruptedException {
    LoadPlan plan;
    ServiceLevel wanted;
    try {
      plan =
          new LoadPlan(avatar, sessions, duty, duration(duration), duration(warmUp), starts, seed);
      wanted = ServiceLevel.parse(level);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
    terminal = Progress.onTerminal();
    if (url != null) {
      ServerCost cost =
          pid != null
              ? ServerCost.ofProcess(pid)
              : metricsUrl != null ? ServerCost.ofMetrics(metricsUrl) : ServerCost.UNKNOWN;
      return measure(plan, wanted, new ServerCalls(url, key()), cost);
    }
    tell("starting a server");
    try (LocalServer server =
        LocalServer.start(avatar, config == null ? "" : config.toAbsolutePath().toString())) {
      ServerCalls calls = new ServerCalls(server.address(), keyFile == null ? server.key() : key());
      return measure(plan, wanted, calls, ServerCost.ofProcess(server.pid()));
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "the key of the server that was started cannot be read: " + e.getMessage(),
          "give it with --key-file",
          e);
    }
  }

  private static Duration duration(String text) {
    Matcher found = DURATION.matcher(text);
    if (!found.matches()) {
      throw new IllegalArgumentException(
          "a time is written like 30s, 5m or 1h, not \"" + text + "\"");
    }
    double seconds =
        Double.parseDouble(found.group(1))
            * switch (found.group(2)) {
              case "m" -> 60;
              case "h" -> 3600;
              default -> 1;
            };
    return Duration.ofMillis(Math.round(seconds * 1000));
  }

  private String key() {
    if (keyFile == null) {
      return "";
    }
    try {
      return Files.readString(keyFile).strip();
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.CONFIGURATION,
          "the key file " + keyFile + " cannot be read: " + e.getMessage(),
          "it holds an API key on one line",
          e);
    }
  }

  private int measure(LoadPlan plan, ServiceLevel wanted, ServerCalls calls, ServerCost cost)
      throws InterruptedException {
    calls.requireServer();
    WebRtcSettings here =
        WebRtcSettings.onPort(0).withBindAddress(InetAddress.getLoopbackAddress()).withTcp(false);
    List<LoadResult> results = new ArrayList<>();
    Sentences sentences = sentences();
    try (WebRtcEndpoint endpoint = WebRtcEndpoint.open(here, System::nanoTime)) {
      LoadSearch.Probe probe =
          number -> {
            LoadPlan now = plan.withSessions(number);
            if (findMax && results.isEmpty()) {
              now = now.withWarmUp(plan.warmUp().plus(SETTLING));
            }
            calls.awaitRoom(plan.avatar());
            LoadResult result =
                new LoadRun(now, sentences, calls, cost, endpoint, this::show).run();
            results.add(result);
            tell(
                String.format(
                    Locale.ROOT,
                    "%d sessions: %s",
                    number,
                    wanted.isKept(result) ? "kept" : "not kept"));
            return wanted.isKept(result);
          };
      OptionalInt held = OptionalInt.empty();
      if (findMax) {
        held = OptionalInt.of(LoadSearch.most(plan.sessions(), most, probe));
      } else {
        probe.holds(plan.sessions());
      }
      return report(new LoadReport(wanted, results, held));
    }
  }

  private Sentences sentences() {
    if (speech == Speech.TEXT || duty == 0) {
      return Sentences.TEXTS;
    }
    tell("recording what to say");
    try (SpeechSynthesizer voice = Voices.open(new Voices.Settings("", "", ""), Map.of())) {
      return Sentences.recorded(voice);
    }
  }

  private int report(LoadReport report) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(report.table());
    report.complaints().forEach(line -> out.println("  " + line));
    report.most().ifPresent(number -> out.println("most sessions held: " + number));
    out.flush();
    write(json, report.json());
    write(svg, LoadChart.svg(report));
    boolean named = spec.commandLine().getParseResult().hasMatchedOption("--slo");
    boolean kept = report.level().isKept(report.results().getLast());
    return named && !findMax && !kept ? NOT_KEPT : CommandLine.ExitCode.OK;
  }

  private static void write(@Nullable Path file, String text) {
    if (file == null) {
      return;
    }
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.OUTPUT,
          file + " cannot be written: " + e,
          "name a file in a folder that is there",
          e);
    }
  }

  private void show(String phase, long done, long of, String now) {
    if (quiet) {
      return;
    }
    String line = String.format(Locale.ROOT, "%s %d/%d  %s", phase, done, of, now);
    PrintWriter err = spec.commandLine().getErr();
    if (terminal) {
      err.print("\r\u001b[K" + line);
    } else if (System.nanoTime() - toldNanos > 5_000_000_000L) {
      toldNanos = System.nanoTime();
      err.println(line.stripTrailing());
    }
    err.flush();
  }

  private void tell(String line) {
    if (!quiet) {
      PrintWriter err = spec.commandLine().getErr();
      err.println(terminal ? "\r\u001b[K" + line : line);
      err.flush();
    }
  }
}
