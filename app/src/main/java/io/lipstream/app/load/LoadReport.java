package io.lipstream.app.load;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Results as a table for people and as JSON for programs.
 *
 * @param most sessions that were held, where they were searched for
 */
public record LoadReport(ServiceLevel level, List<LoadResult> results, OptionalInt most) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final double MB = 1 << 20;

  private record Line(String name, Function<LoadResult, String> cell) {}

  private static final List<Line> LINES =
      List.of(
          new Line("sessions", each -> each.held() + " of " + each.plan().sessions()),
          new Line("duty wanted, found", each -> duty(each)),
          new Line("speakers, mean", each -> number(each.speakers())),
          new Line(
              "fps p1 / p50",
              each -> numbers(each.framesPerSecond().p1(), each.framesPerSecond().p50())),
          new Line("mouths late, %", each -> number(100 * each.lateMouthShare())),
          new Line("first picture p50 / p95, ms", each -> middle(each.firstPictureMillis())),
          new Line("answer p50 / p95, ms", each -> middle(each.answerMillis())),
          new Line(
              "frame latency p50 / p95 / p99, ms",
              each ->
                  numbers(
                      each.latencyMillis().p50(),
                      each.latencyMillis().p95(),
                      each.latencyMillis().p99())),
          new Line(
              "skew p50 / p99, ms",
              each -> numbers(each.skewMillis().p50(), each.skewMillis().p99())),
          new Line("underruns", each -> Long.toString(each.counted().underruns())),
          new Line("frames missing", each -> Long.toString(each.missingFrames())),
          new Line("frames doubled", each -> Long.toString(each.doubledFrames())),
          new Line("freezes", each -> Long.toString(each.freezes())),
          new Line("sounds of others", each -> Long.toString(each.strangeSounds())),
          new Line("packets lost", each -> Long.toString(each.packetsLost())),
          new Line("server, % of a core", each -> number(100 * each.serverCores())),
          new Line("  a session", each -> number(100 * each.serverCores() / each.held())),
          new Line("this tool, % of a core", each -> number(100 * each.toolCores())),
          new Line("machine busy, %", each -> number(100 * each.machineBusy())),
          new Line("server, MB", each -> number(each.serverBytes() / MB)),
          new Line("  more a session", each -> number(each.grownBytes() / MB / each.held())));

  public LoadReport {
    results = List.copyOf(results);
  }

  /** A line for each figure and a column for each result. */
  public String table() {
    List<List<String>> rows = new ArrayList<>();
    for (Line line : LINES) {
      rows.add(row(line.name(), line.cell()));
    }
    rows.add(row("kept " + level, each -> level.isKept(each) ? "yes" : "no"));
    int[] widths = new int[results.size() + 1];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    return rows.stream().map(row -> aligned(row, widths)).collect(Collectors.joining("\n"));
  }

  private List<String> row(String name, Function<LoadResult, String> cell) {
    List<String> row = new ArrayList<>();
    row.add(name);
    results.forEach(each -> row.add(cell.apply(each)));
    return row;
  }

  private static String aligned(List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String form = i == 0 ? "%-" + widths[0] + "s" : "  %" + widths[i] + "s";
      line.append(String.format(Locale.ROOT, form, row.get(i)));
    }
    return line.toString().stripTrailing();
  }

  /** What kept results from being good, one line each. */
  public List<String> complaints() {
    List<String> lines = new ArrayList<>();
    for (LoadResult each : results) {
      String sessions = each.plan().sessions() + " sessions: ";
      level.broken(each).forEach(broken -> lines.add(sessions + broken));
      if (each.refused() > 0) {
        lines.add(sessions + each.refused() + " refused");
      }
      each.failures().stream().distinct().limit(5).forEach(what -> lines.add(sessions + what));
    }
    return lines;
  }

  private static String duty(LoadResult each) {
    return numbers(100 * each.plan().duty(), 100 * each.speakers() / each.held());
  }

  private static String middle(Spread spread) {
    return numbers(spread.p50(), spread.p95());
  }

  private static String numbers(double... values) {
    List<String> each = new ArrayList<>();
    for (double value : values) {
      each.add(number(value));
    }
    return String.join(" / ", each);
  }

  private static String number(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return "-";
    }
    return String.format(Locale.ROOT, Math.abs(value) >= 100 ? "%.0f" : "%.1f", value);
  }

  /** The same for programs; what is not known is null. */
  public String json() {
    ObjectNode root = JSON.createObjectNode();
    root.put("serviceLevel", level.toString());
    most.ifPresent(number -> root.put("mostSessions", number));
    var all = root.putArray("results");
    results.forEach(each -> all.add(json(each)));
    return root.toPrettyString() + "\n";
  }

  private ObjectNode json(LoadResult each) {
    ObjectNode node = JSON.createObjectNode();
    LoadPlan plan = each.plan();
    node.put("avatar", plan.avatar());
    node.put("sessions", plan.sessions());
    node.put("duty", plan.duty());
    node.put("durationSeconds", plan.duration().toMillis() / 1e3);
    node.put("warmUpSeconds", plan.warmUp().toMillis() / 1e3);
    node.put("starts", plan.starts().name().toLowerCase(Locale.ROOT));
    node.put("seed", plan.seed());
    node.put("kept", level.isKept(each));
    node.put("held", each.held());
    node.put("refused", each.refused());
    put(node, "speakers", each.speakers());
    put(node, "framesPerSecond", each.framesPerSecond());
    put(node, "firstPictureMillis", each.firstPictureMillis());
    put(node, "answerMillis", each.answerMillis());
    put(node, "latencyMillis", each.latencyMillis());
    put(node, "skewMillis", each.skewMillis());
    node.put("pictures", each.pictures());
    node.put("missingFrames", each.missingFrames());
    node.put("doubledFrames", each.doubledFrames());
    node.put("freezes", each.freezes());
    node.put("soundsOfOthers", each.strangeSounds());
    node.put("packetsLost", each.packetsLost());
    node.put("mouthsDrawn", each.counted().mouthsDrawn());
    node.put("mouthsLate", each.counted().mouthsLate());
    node.put("underruns", each.counted().underruns());
    put(node, "serverCores", each.serverCores());
    put(node, "toolCores", each.toolCores());
    put(node, "machineBusy", each.machineBusy());
    put(node, "serverBytes", each.serverBytes());
    put(node, "grownBytes", each.grownBytes());
    var samples = node.putArray("samples");
    for (LoadResult.Sample sample : each.samples()) {
      ObjectNode one = samples.addObject();
      put(one, "atSeconds", sample.atSeconds());
      one.put("speakers", sample.speakers());
      put(one, "fpsLeast", sample.fpsLeast());
      put(one, "fpsMedian", sample.fpsMedian());
      put(one, "serverCores", sample.serverCores());
      put(one, "toolCores", sample.toolCores());
    }
    var failures = node.putArray("failures");
    each.failures().forEach(failures::add);
    return node;
  }

  private static void put(ObjectNode node, String name, Spread spread) {
    ObjectNode one = node.putObject(name);
    one.put("count", spread.count());
    put(one, "p1", spread.p1());
    put(one, "p50", spread.p50());
    put(one, "p95", spread.p95());
    put(one, "p99", spread.p99());
    put(one, "most", spread.most());
  }

  private static void put(ObjectNode node, String name, double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      node.putNull(name);
    } else {
      node.put(name, Math.round(value * 1000) / 1000.0);
    }
  }
}
