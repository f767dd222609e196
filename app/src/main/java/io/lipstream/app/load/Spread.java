package io.lipstream.app.load;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/** Measured values, of which percentiles are asked; without any they are {@link Double#NaN}. */
public record Spread(int count, double p1, double p50, double p95, double p99, double most) {
  static final Spread NONE = of(DoubleStream.empty());

  static Spread of(DoubleStream values) {
    double[] sorted = values.toArray();
    Arrays.sort(sorted);
    return new Spread(
        sorted.length,
        at(sorted, 0.01),
        at(sorted, 0.5),
        at(sorted, 0.95),
        at(sorted, 0.99),
        at(sorted, 1));
  }

  private static double at(double[] sorted, double share) {
    return sorted.length == 0 ? Double.NaN : sorted[(int) Math.round(share * (sorted.length - 1))];
  }
}
