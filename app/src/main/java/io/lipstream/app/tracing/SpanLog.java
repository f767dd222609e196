package io.lipstream.app.tracing;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Spans as lines of the log, for looking at traces without a collector. */
final class SpanLog implements SpanExporter {
  private static final Logger LOG = LoggerFactory.getLogger("io.lipstream.span");

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    for (SpanData span : spans) {
      LOG.info(
          "span {} trace={} span={} parent={} ms={} status={} {}",
          span.getName(),
          span.getTraceId(),
          span.getSpanId(),
          span.getParentSpanId(),
          String.format(
              Locale.ROOT, "%.2f", (span.getEndEpochNanos() - span.getStartEpochNanos()) / 1e6),
          span.getStatus().getStatusCode(),
          span.getAttributes().asMap());
    }
    return CompletableResultCode.ofSuccess();
  }

  @Override
  public CompletableResultCode flush() {
    return CompletableResultCode.ofSuccess();
  }

  @Override
  public CompletableResultCode shutdown() {
    return CompletableResultCode.ofSuccess();
  }
}
