package io.lipstream.app.load;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Bounds that a result must keep to count as served, such as {@code p99-fps>=25}: 99 % of all two
 * seconds of all sessions have at least 25 frames a second.
 */
public record ServiceLevel(List<Bound> bounds) {
  private static final Pattern BOUND =
      Pattern.compile("\\s*([a-z0-9-]+)\\s*(>=|<=)\\s*([0-9.]+)\\s*(|%|ms)\\s*");

  private static final Map<String, ToDoubleFunction<LoadResult>> FIGURES =
      new TreeMap<>(
          Map.of(
              "p99-fps", result -> result.framesPerSecond().p1(),
              "p50-fps", result -> result.framesPerSecond().p50(),
              "p95-latency", result -> result.latencyMillis().p95(),
              "p99-latency", result -> result.latencyMillis().p99(),
              "p99-skew", result -> result.skewMillis().p99(),
              "p95-answer", result -> result.answerMillis().p95(),
              "late-mouths", result -> 100 * result.lateMouthShare(),
              "underruns", LoadResult::underrunsPerSession,
              "freezes", result -> result.freezes(),
              "missing", result -> result.missingFrames()));

  /** All that can be bounded, for people. */
  public static final String NAMES =
      "p99-fps, p50-fps, p95-latency, p99-latency, p99-skew, p95-answer (ms), late-mouths (in 100),"
          + " underruns (a session), freezes, missing";

  /** One of them. */
  public record Bound(String figure, boolean atLeast, double limit, String unit) {
    boolean keeps(double value) {
      return Double.isNaN(value) || (atLeast ? value >= limit : value <= limit);
    }

    @Override
    public String toString() {
      String number = limit == Math.rint(limit) ? Long.toString((long) limit) : "" + limit;
      return figure + (atLeast ? ">=" : "<=") + number + unit;
    }
  }

  public ServiceLevel {
    bounds = List.copyOf(bounds);
  }

  /**
   * Reads bounds with commas between them.
   *
   * @throws IllegalArgumentException if there is no such figure, or it is written another way
   */
  public static ServiceLevel parse(String text) {
    return new ServiceLevel(
        Pattern.compile(",").splitAsStream(text).map(ServiceLevel::bound).toList());
  }

  private static Bound bound(String text) {
    Matcher found = BOUND.matcher(text);
    if (!found.matches() || !FIGURES.containsKey(found.group(1))) {
      throw new IllegalArgumentException(
          "a service level is written like p99-fps>=25 or late-mouths<=1%, of "
              + NAMES
              + "; not \""
              + text.strip()
              + "\"");
    }
    return new Bound(
        found.group(1),
        found.group(2).equals(">="),
        Double.parseDouble(found.group(3)),
        found.group(4));
  }

  /** What a result breaks, in words; empty if it keeps all. */
  public List<String> broken(LoadResult result) {
    return bounds.stream()
        .filter(bound -> !bound.keeps(value(bound, result)))
        .map(
            bound ->
                String.format(Locale.ROOT, "%s: %.1f%s", bound, value(bound, result), bound.unit()))
        .toList();
  }

  private static double value(Bound bound, LoadResult result) {
    return FIGURES.getOrDefault(bound.figure(), each -> Double.NaN).applyAsDouble(result);
  }

  /** Whether a result keeps all and nobody was refused or left without an answer. */
  public boolean isKept(LoadResult result) {
    return result.complete() && broken(result).isEmpty();
  }

  @Override
  public String toString() {
    return String.join(",", bounds.stream().map(Bound::toString).toList());
  }
}
