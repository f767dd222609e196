package io.lipstream.app;

import io.lipstream.app.config.CompositingConfig;
import io.lipstream.app.config.ConfigFile;
import io.lipstream.app.log.ServerLog;
import io.lipstream.app.render.Progress;
import io.lipstream.app.server.CompositingRole;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lipstream compositing}: serves finished pictures over gRPC until it is told to stop. */
@Command(
    name = "compositing",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = "Serves talking faces over gRPC: sound in, finished pictures out.",
    footer = {
      "",
      "Mouths are drawn in this process, or by inference servers: the one with the least to do, or",
      "another when it goes away. While none answers, the avatars hold their pose.",
      "SIGTERM and Ctrl-C drain: no new calls, running ones may finish; twice ends at once.",
      "config/compositing.yaml is the reference of the configuration file.",
      "",
      "Examples:",
      "  lipstream compositing",
      "  lipstream compositing --inference gpu1:50051,gpu2:50051",
      "  lipstream compositing --config config/compositing.yaml"
    })
@SuppressWarnings("NullAway.Init") // picocli fills the options in
final class CompositingCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The configuration, YAML (default: what config/compositing.yaml shows).")
  @Nullable Path file;

  @Option(
      names = "--inference",
      paramLabel = "HOST:PORT[,HOST:PORT...]",
      description = "Inference servers that draw the mouths, instead of engine.url.")
  @Nullable String inference;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "Where gRPC is, instead of server.port (50052); 0 takes any free one.")
  @Nullable Integer port;

  @Option(
      names = "--print-config",
      description = "Print what is in effect, secrets masked, and end.")
  boolean printConfig;

  @Override
  public Integer call() throws InterruptedException {
    CompositingConfig config = config();
    if (printConfig) {
      spec.commandLine().getOut().print(ConfigFile.print(config));
      spec.commandLine().getOut().flush();
      return CommandLine.ExitCode.OK;
    }
    // Not System.err, which libraries may replace.
    FileOutputStream err = new FileOutputStream(FileDescriptor.err);
    ServerLog log = ServerLog.start(config.logging(), err, Progress.onTerminal());
    try (log;
        CompositingRole role = CompositingRole.start(setting(config))) {
      CountDownLatch stop = new CountDownLatch(1);
      StopSignals signals = new StopSignals(stop::countDown);
      try (signals) {
        greet(config, role.port(), role.metricsPort());
        stop.await();
        role.drain();
      }
    }
    return CommandLine.ExitCode.OK;
  }

  private CompositingConfig config() {
    CompositingConfig config =
        file == null ? CompositingConfig.DEFAULT : ConfigFile.read(file, CompositingConfig.DEFAULT);
    if (port != null) {
      if (port < 0 || port > 65_535) {
        throw new CommandLine.ParameterException(
            spec.commandLine(), "--port must be from 0 to 65535, not " + port);
      }
      config = config.withPort(port);
    }
    return inference == null ? config : config.withInference(inference);
  }

  private CompositingRole.Setting setting(CompositingConfig config) {
    Path base = file == null ? Path.of("") : file.toAbsolutePath().normalize().resolveSibling("");
    return new CompositingRole.Setting(
        config,
        base,
        ModelCatalogue.of(config.computing(), base),
        ModelCatalogue.avatars(config.computing(), base),
        version().replace("lipstream ", ""));
  }

  private static String version() {
    return new Lipstream.Version().getVersion()[0];
  }

  // Not the role itself: commands' signatures are read at every start, and it knows the metrics.
  private void greet(CompositingConfig config, int port, OptionalInt metricsPort) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(version().replace("lipstream", "Lipstream compositing server"));
    boolean local = config.server().address().equals("127.0.0.1");
    say(
        out,
        "gRPC",
        config.server().address()
            + ":"
            + port
            + (config.tls().enabled() ? ", TLS" : ", plain text")
            + (local ? "; this machine only, server.address opens it to others" : ""));
    if (metricsPort.isPresent()) {
      say(
          out,
          "watch",
          "http://"
              + config.metrics().address()
              + ":"
              + metricsPort.getAsInt()
              + "/metrics /healthz /readyz");
    }
    say(
        out,
        "mouths",
        switch (config.engine().kind()) {
          case "local" -> "drawn in this process";
          default -> "drawn by " + config.engine().url();
        });
    out.println("ready");
    out.flush();
  }

  private static void say(PrintWriter out, String name, String text) {
    out.println(String.format(Locale.ROOT, "  %-9s %s", name, text));
  }
}
