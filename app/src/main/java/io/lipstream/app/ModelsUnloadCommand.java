package io.lipstream.app;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lipstream models unload}: frees a model as soon as nothing uses it. */
@Command(
    name = "unload",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = "Frees a model on the server as soon as nothing uses it.")
@SuppressWarnings("NullAway.Init") // picocli fills the options in
final class ModelsUnloadCommand implements Runnable {
  @Spec CommandSpec spec;

  @Parameters(paramLabel = "MODEL", description = "Its id.")
  String model;

  @Mixin ServerOptions options;

  @Override
  public void run() {
    try (ModelServer server = new ModelServer(options)) {
      server.unload(model);
      spec.commandLine()
          .getOut()
          .println(options.json ? "{\"unloaded\":true}" : model + " unloaded");
    }
  }
}
