package io.lipstream.app.web;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.logging.RequestLog;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.SimpleDecoratingHttpService;
import io.netty.util.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Gives each call of the interface that changes something a span, below the caller's where it names
 * one as the W3C has it; what only looks has none.
 */
final class HttpSpans extends SimpleDecoratingHttpService {
  private static final AttributeKey<Context> TRACE = AttributeKey.valueOf(HttpSpans.class, "TRACE");

  private static final TextMapGetter<RequestHeaders> HEADERS =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(RequestHeaders headers) {
          return headers.names().stream().map(CharSequence::toString).toList();
        }

        @Override
        public @Nullable String get(@Nullable RequestHeaders headers, String key) {
          return headers == null ? null : headers.get(key);
        }
      };

  private final Tracer tracer;

  HttpSpans(HttpService delegate, Tracer tracer) {
    super(delegate);
    this.tracer = tracer;
  }

  /** What a handler's thread takes part in. */
  static Context trace(ServiceRequestContext ctx) {
    Context known = ctx.attr(TRACE);
    return known == null ? Context.root() : known;
  }

  @Override
  public HttpResponse serve(ServiceRequestContext ctx, HttpRequest request) throws Exception {
    if (List.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS).contains(request.method())) {
      return unwrap().serve(ctx, request);
    }
    Context caller =
        W3CTraceContextPropagator.getInstance().extract(Context.root(), request.headers(), HEADERS);
    String route = ctx.config().route().patternString().replaceAll(":(\\w+)", "{$1}");
    Span span =
        tracer
            .spanBuilder(request.method() + " " + route)
            .setParent(caller)
            .setSpanKind(SpanKind.SERVER)
            .setAttribute("http.request.method", request.method().name())
            .setAttribute("http.route", route)
            .startSpan();
    if (span.isRecording()) {
      CompletableFuture<Void> _ = ctx.log().whenComplete().thenAccept(log -> end(span, log));
    }
    ctx.setAttr(TRACE, caller.with(span));
    return unwrap().serve(ctx, request);
  }

  private static void end(Span span, RequestLog log) {
    int status = log.responseStatus().code();
    span.setAttribute("http.response.status_code", status);
    if (status >= 500) {
      span.setStatus(StatusCode.ERROR);
    }
    span.end();
  }
}
