package io.lipstream.app;

import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lipstream models load}: loads a model before its first use, or its new file. */
@Command(
    name = "load",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = "Loads a model on the server, before somebody needs it.")
@SuppressWarnings("NullAway.Init") // picocli fills the options in
final class ModelsLoadCommand implements Runnable {
  @Spec CommandSpec spec;

  @Parameters(paramLabel = "MODEL", description = "Its id.")
  String model;

  @Option(
      names = "--force",
      description = "Load its file again and swap it in; no frame is dropped.")
  boolean force;

  @Mixin ServerOptions options;

  @Override
  public void run() {
    try (ModelServer server = new ModelServer(options)) {
      ModelServer.Loaded loaded = server.load(model, force);
      String text =
          options.json
              ? ModelTable.json(loaded.model()).put("loadMillis", loaded.millis()).toString()
              : String.format(
                  Locale.ROOT,
                  "%s loaded in %.0f ms, %s MB",
                  model,
                  loaded.millis(),
                  ModelTable.megabytes(loaded.model().memoryBytes()));
      spec.commandLine().getOut().println(text);
    }
  }
}
