package io.lipstream.app;

import io.lipstream.app.render.Progress;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code lipstream models watch}: loaded models and their pace, drawn again and again. */
@Command(
    name = "watch",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description =
        "Draws the server's devices and loaded models again and again; the busiest come first."
            + " Ctrl-C ends it.")
@SuppressWarnings("NullAway.Init") // picocli fills the options in
final class ModelsWatchCommand implements Callable<Integer> {
  /** To the upper left corner; each line then clears what was behind it. */
  private static final String HOME = "\u001b[H";

  private static final String CLEAR = "\u001b[2J";
  private static final String CLEAR_LINE = "\u001b[K\n";
  private static final String CLEAR_BELOW = "\u001b[J";
  private static final int MAX_ROWS = 30;

  @Spec CommandSpec spec;

  @Option(
      names = "--interval",
      paramLabel = "SECONDS",
      defaultValue = "1",
      description = "Time between two tables (default: ${DEFAULT-VALUE}).")
  double intervalSeconds;

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "0",
      description = "Tables to draw, 0 for no end (default: ${DEFAULT-VALUE}).")
  int count;

  @Mixin ServerOptions options;

  /** Frames of a model when it was last looked at. */
  private final Map<String, Long> frames = new HashMap<>();

  private record Row(ModelServer.Model model, double framesPerSecond) {}

  @Override
  public Integer call() throws InterruptedException {
    if (!(intervalSeconds >= 0.1 && intervalSeconds <= 3600)) {
      throw new ParameterException(
          spec.commandLine(), "--interval must be from 0.1 to 3600 seconds");
    }
    PrintWriter out = spec.commandLine().getOut();
    boolean terminal = Progress.onTerminal() && !options.json;
    try (ModelServer server = new ModelServer(options)) {
      long before = System.nanoTime();
      rows(server.stats(""), 0); // what the first rate is measured against
      if (terminal) {
        out.print(CLEAR);
      }
      for (int drawn = 0; count == 0 || drawn < count; drawn++) {
        Thread.sleep(Math.round(intervalSeconds * 1000));
        long now = System.nanoTime();
        ModelServer.Stats stats = server.stats("");
        List<Row> rows = rows(stats, (now - before) / 1e9);
        before = now;
        draw(out, terminal, stats, rows);
      }
    }
    return CommandLine.ExitCode.OK;
  }

  private List<Row> rows(ModelServer.Stats stats, double seconds) {
    List<Row> rows = new ArrayList<>();
    for (ModelServer.Model model : stats.models()) {
      long now = model.frames();
      long then = frames.getOrDefault(model.id(), now);
      frames.put(model.id(), now);
      rows.add(new Row(model, seconds > 0 ? (now - then) / seconds : 0));
    }
    rows.sort(
        Comparator.comparingDouble((Row row) -> -row.framesPerSecond())
            .thenComparing(row -> row.model().id()));
    return rows;
  }

  private void draw(PrintWriter out, boolean terminal, ModelServer.Stats stats, List<Row> rows) {
    if (options.json) {
      out.println(ModelTable.json(rows.stream().map(Row::model).toList()));
      return;
    }
    String page =
        ModelTable.devices(stats.devices())
            + "\n\n"
            + ModelTable.of(
                List.of("MODEL", "DEVICE", "MB", "FRAMES", "FRAMES/S", "MS/FRAME"),
                rows.stream().limit(MAX_ROWS).map(ModelsWatchCommand::cells).toList())
            + (rows.size() > MAX_ROWS ? "\nand " + (rows.size() - MAX_ROWS) + " more" : "")
            + "\n";
    out.print(terminal ? HOME + page.replace("\n", CLEAR_LINE) + CLEAR_BELOW : page + "\n");
    out.flush();
  }

  private static List<String> cells(Row row) {
    ModelServer.Model model = row.model();
    return List.of(
        model.id(),
        Integer.toString(model.device()),
        ModelTable.megabytes(model.memoryBytes()),
        Long.toString(model.frames()),
        String.format(Locale.ROOT, "%.1f", row.framesPerSecond()),
        ModelTable.millis(model));
  }
}
