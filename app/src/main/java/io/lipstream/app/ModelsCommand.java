package io.lipstream.app;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code lipstream models}: what an inference server holds. */
@Command(
    name = "models",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = "Shows and changes what an inference server has loaded.",
    subcommands = {
      ModelsListCommand.class,
      ModelsLoadCommand.class,
      ModelsUnloadCommand.class,
      ModelsStatsCommand.class,
      ModelsWatchCommand.class
    },
    footer = {
      "",
      "Examples:",
      "  lipstream models list",
      "  lipstream models load ada --server gpu1:50051 --token-file token.txt",
      "  lipstream models watch --server gpu1:50051"
    })
final class ModelsCommand implements Runnable {
  @Spec
  @SuppressWarnings("NullAway.Init") // picocli fills it in
  CommandSpec spec;

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }
}
