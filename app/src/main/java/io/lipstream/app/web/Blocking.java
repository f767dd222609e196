package io.lipstream.app.web;

import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.opentelemetry.context.Scope;

/** A route whose handler may wait: it has a thread of its own and the whole request. */
final class Blocking implements HttpService {
  private final Handler handler;

  /** Answers one request. */
  @FunctionalInterface
  interface Handler {
    HttpResponse answer(ServiceRequestContext ctx, AggregatedHttpRequest request);
  }

  Blocking(Handler handler) {
    this.handler = handler;
  }

  @Override
  public HttpResponse serve(ServiceRequestContext ctx, HttpRequest req) {
    return HttpResponse.of(
        req.aggregate()
            .thenApplyAsync(request -> answer(ctx, request), ctx.blockingTaskExecutor())
            .exceptionally(failure -> Problem.of(failure).response()));
  }

  private HttpResponse answer(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    try (Scope _ = HttpSpans.trace(ctx).makeCurrent()) {
      return handler.answer(ctx, request);
    }
  }
}
