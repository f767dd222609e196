package io.lipstream.app.tracing;

import io.lipstream.app.config.TracingConfig;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes spans and sends them where the configuration says: a collector over OTLP, or the log.
 *
 * <p>Close sends what waits.
 */
public final class Tracing implements AutoCloseable {
  private static final String SCOPE = "io.lipstream";
  private static final Duration EXPORT_TIMEOUT = Duration.ofSeconds(5);
  private static final long CLOSE_SECONDS = 5;

  private final SdkTracerProvider provider;

  private Tracing(String role, double ratio, @Nullable SpanExporter exporter, boolean batched) {
    var builder =
        SdkTracerProvider.builder()
            .setResource(
                Resource.getDefault()
                    .merge(
                        Resource.create(
                            Attributes.of(AttributeKey.stringKey("service.name"), role))))
            .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(ratio)));
    if (exporter != null) {
      builder.addSpanProcessor(
          batched
              ? BatchSpanProcessor.builder(exporter).build()
              : SimpleSpanProcessor.create(exporter));
    }
    provider = builder.build();
  }

  /**
   * As configured; with exporter none, spans are not recorded but callers' traces go on.
   *
   * @param role what the process is, such as lipstream-inference
   */
  public static Tracing of(TracingConfig config, String role) {
    return switch (config.exporter()) {
      case "otlp" ->
          new Tracing(
              role,
              config.sampleRatio(),
              OtlpHttpSpanExporter.builder()
                  .setEndpoint(config.endpoint())
                  .setTimeout(EXPORT_TIMEOUT)
                  .build(),
              true);
      case "log" -> new Tracing(role, config.sampleRatio(), new SpanLog(), true);
      default -> new Tracing(role, 0, null, false);
    };
  }

  /** Sends each span at once, all of them. */
  static Tracing to(SpanExporter exporter, String role) {
    return new Tracing(role, 1, exporter, false);
  }

  public Tracer tracer() {
    return provider.get(SCOPE);
  }

  @Override
  public void close() {
    provider.shutdown().join(CLOSE_SECONDS, TimeUnit.SECONDS);
  }
}
