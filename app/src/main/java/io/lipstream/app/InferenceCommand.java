package io.lipstream.app;

import io.lipstream.app.config.InferenceConfig;
import io.lipstream.app.server.InferenceRole;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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

  @Mixin ConfigOptions options;

  @Override
  public Integer call() throws InterruptedException {
    InferenceConfig config = options.read(InferenceConfig.DEFAULT);
    if (options.printed(config)) {
      return CommandLine.ExitCode.OK;
    }
    Path base = options.base();
    try (var _ = ServerRun.log(config.logging());
        InferenceRole role =
            InferenceRole.start(
                new InferenceRole.Setting(
                    config,
                    base,
                    ModelCatalogue.of(config, base),
                    ModelCatalogue.avatars(config, base),
                    Lipstream.Version.number()))) {
      return ServerRun.untilStopped(
          role, new InferenceBanner(config, role)::print, spec.commandLine().getOut());
    }
  }
}
