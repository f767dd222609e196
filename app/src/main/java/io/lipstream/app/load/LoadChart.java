package io.lipstream.app.load;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/**
 * Results as SVG: one of them over time, several over their numbers of sessions. Strips, one above
 * the other, share the horizontal axis.
 */
public final class LoadChart {
  private static final int WIDTH = 760;
  private static final int STRIP = 120;
  private static final int LEFT = 64;
  private static final int RIGHT = 150;
  private static final int TOP = 76;
  private static final int GAP = 36;
  private static final int BOTTOM = 40;

  /** With more points than this a curve is drawn without them. */
  private static final int MOST_DOTS = 24;

  private static final List<String> COLOURS = List.of("#2171b5", "#bf812d", "#5aae61");

  private record Curve<T>(String name, ToDoubleFunction<T> value) {}

  /** Curves that share a vertical axis, which reaches at least so far. */
  private record Strip<T>(String title, double least, List<Curve<T>> curves) {}

  /** Where on the horizontal axis something is to be seen, and what. */
  private record Mark(double at, String text) {}

  private record Axis<T>(String name, ToDoubleFunction<T> position, Optional<Mark> mark) {}

  private static final List<Strip<LoadResult>> OVER_SESSIONS =
      List.of(
          new Strip<>(
              "frames a second that arrived",
              30,
              List.of(
                  new Curve<>("median", each -> each.framesPerSecond().p50()),
                  new Curve<>("worst percent", each -> each.framesPerSecond().p1()))),
          new Strip<>(
              "mouths not drawn in time, %",
              5, List.of(new Curve<>("late", each -> 100 * each.lateMouthShare()))),
          new Strip<>(
              "frame latency, ms",
              50,
              List.of(
                  new Curve<>("median", each -> each.latencyMillis().p50()),
                  new Curve<>("worst percent", each -> each.latencyMillis().p99()))),
          new Strip<>(
              "processor time, % of one core",
              100,
              List.of(
                  new Curve<>("server", each -> 100 * each.serverCores()),
                  new Curve<>("this tool", each -> 100 * each.toolCores()))));

  private static final List<Strip<LoadResult.Sample>> OVER_TIME =
      List.of(
          new Strip<>(
              "frames a second that arrived",
              30,
              List.of(
                  new Curve<>("median session", LoadResult.Sample::fpsMedian),
                  new Curve<>("worst session", LoadResult.Sample::fpsLeast))),
          new Strip<>(
              "avatars that speak",
              5,
              List.of(new Curve<>("sessions", LoadResult.Sample::speakers))),
          new Strip<>(
              "processor time, % of one core",
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
            + ", who speaks "
            + Math.round(100 * first.plan().duty())
            + " % of the time";
    if (report.results().size() == 1) {
      return draw(
          first.held() + " sessions of " + load,
          (report.level().isKept(first) ? "keeps " : "does not keep ") + report.level(),
          new Axis<>("seconds", LoadResult.Sample::atSeconds, Optional.empty()),
          OVER_TIME,
          first.samples());
    }
    List<LoadResult> sorted =
        report.results().stream()
            .sorted(Comparator.comparingInt(each -> each.plan().sessions()))
            .toList();
    int most = report.most().orElse(0);
    return draw(
        "Sessions of " + load,
        (most == 0 ? "no number of sessions keeps " : "up to " + most + " sessions keep ")
            + report.level(),
        new Axis<>(
            "sessions",
            each -> each.plan().sessions(),
            most == 0 ? Optional.empty() : Optional.of(new Mark(most, most + " held"))),
        OVER_SESSIONS,
        sorted);
  }

  private static <T> String draw(
      String title, String subtitle, Axis<T> axis, List<Strip<T>> strips, List<T> points) {
    int bottom = TOP + strips.size() * (STRIP + GAP) - GAP;
    int height = bottom + BOTTOM;
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\""
                + " font-family=\"sans-serif\" font-size=\"12\">%n<title>%s</title>%n"
                + "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>%n",
            WIDTH,
            height,
            escaped(title + ": " + subtitle),
            WIDTH,
            height));
    svg.append("<g font-size=\"16\" font-weight=\"bold\">\n");
    text(svg, LEFT, 24, "start", "#222", title);
    svg.append("</g>\n");
    text(svg, LEFT, 43, "start", "#666", subtitle);
    double most = points.stream().mapToDouble(axis.position()).max().orElse(1);
    double step = round(most / 8);
    double right = step * Math.ceil(most / step);
    for (double at = 0; at <= right + step / 2; at += step) {
      line(svg, x(at, right), x(at, right), TOP, bottom, "#f1f3f5");
      text(svg, x(at, right), bottom + 16, "middle", "#666", number(at));
    }
    text(svg, (LEFT + WIDTH - RIGHT) / 2.0, bottom + 34, "middle", "#444", axis.name());
    for (int i = 0; i < strips.size(); i++) {
      strip(svg, strips.get(i), TOP + i * (STRIP + GAP), points, axis.position(), right);
    }
    axis.mark()
        .ifPresent(
            mark -> {
              double at = x(mark.at(), right);
              line(svg, at, at, TOP - 4, bottom, "#444");
              text(svg, at, TOP - 8, "middle", "#222", mark.text());
            });
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
    double most = round(Math.max(strip.least(), found));
    text(svg, LEFT, top - 8, "start", "#444", strip.title());
    for (double level : DoubleStream.of(0, most / 2, most).toArray()) {
      double y = y(level, most, top);
      line(svg, LEFT, WIDTH - RIGHT, y, y, "#dfe3e8");
      text(svg, LEFT - 8, y + 4, "end", "#666", number(level));
    }
    for (int i = 0; i < strip.curves().size(); i++) {
      Curve<T> curve = strip.curves().get(i);
      StringBuilder line = new StringBuilder();
      for (T point : points) {
        double value = curve.value().applyAsDouble(point);
        if (Double.isFinite(value)) {
          double x = x(position.applyAsDouble(point), right);
          double y = y(value, most, top);
          line.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y));
          if (points.size() <= MOST_DOTS) {
            svg.append(
                String.format(
                    Locale.ROOT,
                    "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>%n",
                    x,
                    y,
                    COLOURS.get(i)));
          }
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

  /**
   * The next larger of 1, 2, 3, 4, 5, 6, 8 and 10 times a power of ten, so that halves are short.
   */
  private static double round(double value) {
    double power = Math.pow(10, Math.floor(Math.log10(Math.max(value, 1e-3))));
    return power
        * DoubleStream.of(1, 2, 3, 4, 5, 6, 8, 10)
            .filter(each -> each * power >= value * (1 - 1e-9))
            .findFirst()
            .orElse(10);
  }

  private static String number(double value) {
    return value == Math.rint(value)
        ? Long.toString((long) value)
        : String.format(Locale.ROOT, "%.1f", value);
  }

  private static double x(double value, double right) {
    return LEFT + (WIDTH - LEFT - RIGHT) * value / right;
  }

  private static double y(double value, double most, int top) {
    return top + STRIP * (1 - value / most);
  }

  private static void line(
      StringBuilder svg, double x1, double x2, double y1, double y2, String colour) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>%n",
            x1,
            x2,
            y1,
            y2,
            colour));
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
            escaped(text)));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }
}
