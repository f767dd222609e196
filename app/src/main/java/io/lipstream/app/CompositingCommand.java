package io.lipstream.app;

import io.lipstream.app.config.CompositingConfig;
import io.lipstream.app.server.CompositingRole;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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

  @Mixin ConfigOptions options;

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

  @Override
  public Integer call() throws InterruptedException {
    CompositingConfig config = config();
    if (options.printed(config)) {
      return CommandLine.ExitCode.OK;
    }
    Path base = options.base();
    try (var _ = ServerRun.log(config.logging());
        CompositingRole role =
            CompositingRole.start(
                new CompositingRole.Setting(
                    config,
                    base,
                    ModelCatalogue.of(config.computing(), base),
                    ModelCatalogue.avatars(config.computing(), base),
                    Lipstream.Version.number()))) {
      return ServerRun.untilStopped(
          role, new CompositingBanner(config, role)::print, spec.commandLine().getOut());
    }
  }

  private CompositingConfig config() {
    CompositingConfig config = options.read(CompositingConfig.DEFAULT);
    if (port != null) {
      config = config.withPort(options.checkedPort(port));
    }
    return inference == null ? config : config.withInference(inference);
  }
}
