package io.lipstream.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lipstream models stats}: devices, and counts of loaded models or of one. */
@Command(
    name = "stats",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = "Shows the server's devices and the counts of its loaded models, or of one.")
@SuppressWarnings("NullAway.Init") // picocli fills the options in
final class ModelsStatsCommand implements Runnable {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Spec CommandSpec spec;

  @Parameters(
      paramLabel = "MODEL",
      arity = "0..1",
      defaultValue = "",
      description = "One model, loaded or not.")
  String model;

  @Mixin ServerOptions options;

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    try (ModelServer server = new ModelServer(options)) {
      ModelServer.Stats stats = server.stats(model);
      if (options.json) {
        out.println(json(stats));
        return;
      }
      out.println(ModelTable.devices(stats.devices()));
      out.println();
      out.println(ModelTable.models(stats.models()));
      out.println();
      out.println(
          String.format(
              Locale.ROOT,
              "%d loaded, %s of %s MB",
              stats.loadedModels(),
              ModelTable.megabytes(stats.memoryBytes()),
              ModelTable.megabytes(stats.maxMemoryBytes())));
    }
  }

  private static String json(ModelServer.Stats stats) {
    ObjectNode root = JSON.createObjectNode();
    root.put("loadedModels", stats.loadedModels());
    root.put("memoryBytes", stats.memoryBytes());
    root.put("maxMemoryBytes", stats.maxMemoryBytes());
    var devices = root.putArray("devices");
    stats
        .devices()
        .forEach(
            device ->
                devices
                    .addObject()
                    .put("device", device.index())
                    .put("name", device.name())
                    .put("loadedModels", device.models())
                    .put("usedBytes", device.usedBytes())
                    .put("totalBytes", device.totalBytes()));
    var models = root.putArray("models");
    stats.models().forEach(each -> models.add(ModelTable.json(each)));
    return root.toString();
  }
}
