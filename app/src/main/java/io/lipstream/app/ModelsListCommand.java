package io.lipstream.app;

import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lipstream models list}: the whole catalogue of a server. */
@Command(
    name = "list",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = "Lists the models that the server has, loaded or not.")
@SuppressWarnings("NullAway.Init") // picocli fills the options in
final class ModelsListCommand implements Runnable {
  @Spec CommandSpec spec;

  @Option(names = "--loaded", description = "Only those that are loaded.")
  boolean loaded;

  @Mixin ServerOptions options;

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    try (ModelServer server = new ModelServer(options)) {
      List<ModelServer.Model> models =
          server.list().stream().filter(model -> !loaded || model.loaded()).toList();
      out.println(options.json ? ModelTable.json(models) : ModelTable.models(models));
    }
  }
}
