package io.lipstream.app.config;

import java.util.List;

/**
 * Where spans go.
 *
 * @param exporter none, otlp for a collector, or log for one line a span
 * @param endpoint the collector's address, OTLP over HTTP
 * @param sampleRatio share of the traces that begin here which are kept; a caller's decision wins
 */
public record TracingConfig(String exporter, String endpoint, double sampleRatio) {
  static final TracingConfig DEFAULT =
      new TracingConfig("none", "http://localhost:4318/v1/traces", 1);

  public TracingConfig {
    Check.oneOf("tracing.exporter", exporter, List.of("none", "otlp", "log"));
    Check.that(
        endpoint.startsWith("http://") || endpoint.startsWith("https://"),
        "tracing.endpoint",
        "must be an http:// or https:// address, not \"" + endpoint + "\"");
    Check.range("tracing.sample_ratio", sampleRatio, 0, 1);
  }
}
