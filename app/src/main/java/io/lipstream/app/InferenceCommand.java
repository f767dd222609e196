package io.lipstream.app;

import io.lipstream.app.config.ConfigFile;
import io.lipstream.app.config.InferenceConfig;
import io.lipstream.app.log.ServerLog;
import io.lipstream.app.render.Progress;
import io.lipstream.app.server.InferenceRole;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lipstream inference}: serves mouths over gRPC until it is told to stop. */
@Command(
    name = "inference",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = "Serves mouth regions over gRPC: many models, many sessions, one set of devices.",
    footer = {
      "",
      "SIGTERM and Ctrl-C drain: no new calls, running ones may finish, exit code 0.",
      "config/inference.yaml is the reference of the configuration file.",
      "",
      "Examples:",
      "  lipstream inference",
      "  lipstream inference --config config/inference.yaml",
      "  lipstream models list"
    })
@SuppressWarnings("NullAway.Init") // picocli fills the options in
final class InferenceCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The configuration, YAML (default: what config/inference.yaml shows).")
  @Nullable Path file;

  @Option(
      names = "--print-config",
      description = "Print what is in effect, secrets masked, and end.")
  boolean printConfig;

  @Override
  public Integer call() throws InterruptedException {
    InferenceConfig config =
        file == null ? InferenceConfig.DEFAULT : ConfigFile.read(file, InferenceConfig.DEFAULT);
    if (printConfig) {
      spec.commandLine().getOut().print(ConfigFile.print(config));
      spec.commandLine().getOut().flush();
      return CommandLine.ExitCode.OK;
    }
    // Not System.err, which libraries may replace.
    FileOutputStream err = new FileOutputStream(FileDescriptor.err);
    ServerLog log = ServerLog.start(config.logging(), err, Progress.onTerminal());
    try (log;
        InferenceRole role = InferenceRole.start(setting(config))) {
      CountDownLatch stop = new CountDownLatch(1);
      StopSignals signals = new StopSignals(stop::countDown);
      try (signals) {
        new InferenceBanner(config, role).print(spec.commandLine().getOut());
        stop.await();
        role.drain();
      }
    }
    return CommandLine.ExitCode.OK;
  }

  private InferenceRole.Setting setting(InferenceConfig config) {
    Path base = file == null ? Path.of("") : file.toAbsolutePath().normalize().resolveSibling("");
    return new InferenceRole.Setting(
        config,
        base,
        ModelCatalogue.of(config, base),
        ModelCatalogue.avatars(config, base),
        new Lipstream.Version().getVersion()[0].replace("lipstream ", ""));
  }
}
