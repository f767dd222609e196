package io.lipstream.app.load;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/**
 * Results as SVG: one of them over time, several over their numbers of sessions. Three strips, one
 * above the other, share the horizontal axis.
 */
public final class LoadChart {
  private static final int WIDTH = 760;
  private static final int STRIP = 150;
  private static final int LEFT = 64;
  private static final int RIGHT = 150;
  private static final int TOP = 44;
  private static final int GAP = 34;
  private static final List<String> COLOURS = List.of("#2171b5", "#bf812d", "#5aae61");

  private record Curve<T>(String name, ToDoubleFunction<T> value) {}

  private record Strip<T>(String title, double least, List<Curve<T>> curves) {}

  private static final List<Strip<LoadResult>> OVER_SESSIONS =
      List.of(
          new Strip<>(
              "frames a second",
              30,
              List.of(
                  new Curve<>("median", each -> each.framesPerSecond().p50()),
                  new Curve<>("worst percent", each -> each.framesPerSecond().p1()))),
          new Strip<>(
              "mouths late, %",
              5, List.of(new Curve<>("late", each -> 100 * each.lateMouthShare()))),
          new Strip<>(
              "% of a core",
              100,
              List.of(
                  new Curve<>("server", each -> 100 * each.serverCores()),
                  new Curve<>("this tool", each -> 100 * each.toolCores()))));

  private static final List<Strip<LoadResult.Sample>> OVER_TIME =
      List.of(
          new Strip<>(
              "frames a second",
              30,
              List.of(
                  new Curve<>("median session", LoadResult.Sample::fpsMedian),
                  new Curve<>("worst session", LoadResult.Sample::fpsLeast))),
          new Strip<>("speaking", 5, List.of(new Curve<>("sessions", LoadResult.Sample::speakers))),
          new Strip<>(
              "% of a core",
              100,
              List.of(
                  new Curve<>("server", each -> 100 * each.serverCores()),
                  new Curve<>("this tool", each -> 100 * each.toolCores()))));

  private LoadChart() {}

  /** The picture. */
  public static String svg(LoadReport report) {
    LoadResult first = report.results().getFirst();
    String load =
        first.plan().avatar()
            + ", "
            + Math.round(100 * first.plan().duty())
            + " % of time speaking";
    if (report.results().size() == 1) {
      return draw(
          first.held() + " sessions of " + load,
          "seconds",
          OVER_TIME,
          first.samples(),
          LoadResult.Sample::atSeconds);
    }
    List<LoadResult> sorted =
        report.results().stream()
            .sorted(Comparator.comparingInt(each -> each.plan().sessions()))
            .toList();
    return draw(
        "Sessions of " + load, "sessions", OVER_SESSIONS, sorted, each -> each.plan().sessions());
  }

  private static <T> String draw(
      String title,
      String axis,
      List<Strip<T>> strips,
      List<T> points,
      ToDoubleFunction<T> position) {
    int height = TOP + strips.size() * (STRIP + GAP) + 20;
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
                + " font-family=\"sans-serif\" font-size=\"12\">%n<rect width=\"%d\" height=\"%d\""
                + " fill=\"#fff\"/>%n",
            WIDTH,
            height,
            WIDTH,
            height));
    text(svg, LEFT, 20, "start", "#222", title);
    double right = Math.max(1, points.stream().mapToDouble(position).max().orElse(1));
    for (int i = 0; i < strips.size(); i++) {
      strip(svg, strips.get(i), TOP + i * (STRIP + GAP), points, position, right);
    }
    int base = height - 12;
    for (int i = 0; i <= 4; i++) {
      String mark = String.format(Locale.ROOT, right < 8 ? "%.1f" : "%.0f", right * i / 4);
      text(svg, x(right * i / 4, right), base, "middle", "#666", mark);
    }
    text(svg, WIDTH - RIGHT + 16, base, "start", "#666", axis);
    return svg.append("</svg>\n").toString();
  }

  private static <T> void strip(
      StringBuilder svg,
      Strip<T> strip,
      int top,
      List<T> points,
      ToDoubleFunction<T> position,
      double right) {
    double found =
        strip.curves().stream()
            .flatMapToDouble(curve -> points.stream().mapToDouble(curve.value()))
            .filter(Double::isFinite)
            .max()
            .orElse(0);
    double most = Math.max(strip.least(), found * 1.1);
    text(svg, LEFT, top - 6, "start", "#444", strip.title());
    for (double level : DoubleStream.of(0, most / 2, most).toArray()) {
      double y = y(level, most, top);
      svg.append(
          String.format(
              Locale.ROOT,
              "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#e3e6ea\"/>%n",
              LEFT,
              WIDTH - RIGHT,
              y,
              y));
      String mark = String.format(Locale.ROOT, most < 10 ? "%.1f" : "%.0f", level);
      text(svg, LEFT - 8, y + 4, "end", "#666", mark);
    }
    for (int i = 0; i < strip.curves().size(); i++) {
      Curve<T> curve = strip.curves().get(i);
      StringBuilder line = new StringBuilder();
      for (T point : points) {
        double value = curve.value().applyAsDouble(point);
        if (Double.isFinite(value)) {
          line.append(
              String.format(
                  Locale.ROOT,
                  "%.1f,%.1f ",
                  x(position.applyAsDouble(point), right),
                  y(value, most, top)));
        }
      }
      svg.append(
          String.format(
              Locale.ROOT,
              "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>%n",
              line.toString().strip(),
              COLOURS.get(i)));
      text(svg, WIDTH - RIGHT + 16, top + 12 + 18 * i, "start", COLOURS.get(i), curve.name());
    }
  }

  private static double x(double value, double right) {
    return LEFT + (WIDTH - LEFT - RIGHT) * value / right;
  }

  private static double y(double value, double most, int top) {
    return top + STRIP * (1 - value / most);
  }

  private static void text(
      StringBuilder svg, double x, double y, String anchor, String colour, String text) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>%n",
            x,
            y,
            anchor,
            colour,
            text.replace("&", "&amp;").replace("<", "&lt;")));
  }
}
