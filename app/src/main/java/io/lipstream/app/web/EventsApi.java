package io.lipstream.app.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpResponseWriter;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.stream.StreamWriter;
import com.linecorp.armeria.common.websocket.WebSocket;
import com.linecorp.armeria.common.websocket.WebSocketFrame;
import com.linecorp.armeria.common.websocket.WebSocketWriter;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.websocket.WebSocketService;
import io.lipstream.app.live.LiveSession;
import io.lipstream.app.live.SessionEvent;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * What happens in a session, as server-sent events or over a WebSocket, as the client asks; the
 * state of the moment comes first.
 */
final class EventsApi {
  private static final Duration HEARTBEAT = Duration.ofSeconds(10);

  /** A client that is further behind is cut off and may come again. */
  private static final int MAX_UNREAD = 512;

  private static final int MAX_FRAME_BYTES = 1024;

  private final SessionsApi sessions;

  EventsApi(SessionsApi sessions) {
    this.sessions = sessions;
  }

  HttpService service() {
    WebSocketService sockets =
        WebSocketService.builder(this::socket)
            .allowedOrigin(origin -> true) // SameSite has looked already
            .maxFramePayloadLength(MAX_FRAME_BYTES)
            .fallbackService(this::stream)
            .build();
    return sockets.decorate(
        (delegate, ctx, req) -> {
          try {
            sessions.session(ctx);
          } catch (Problem.Refusal refusal) {
            return Problem.of(refusal).response();
          }
          return delegate.serve(ctx, withOrigin(ctx, req));
        });
  }

  /** Programs that are no browsers send none, which the WebSocket's own check would refuse. */
  static HttpRequest withOrigin(ServiceRequestContext ctx, HttpRequest request) {
    if (request.headers().contains(HttpHeaderNames.ORIGIN)) {
      return request;
    }
    HttpRequest named =
        request.mapHeaders(
            headers ->
                headers.toBuilder()
                    .set(HttpHeaderNames.ORIGIN, "http://" + headers.authority())
                    .build());
    ctx.updateRequest(named);
    return named;
  }

  private HttpResponse stream(ServiceRequestContext ctx, HttpRequest request) {
    ctx.clearRequestTimeout();
    HttpResponseWriter out = HttpResponse.streaming();
    out.write(
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(MediaType.EVENT_STREAM)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
            .set("x-accel-buffering", "no") // nginx would hold events back
            .build());
    HttpData heartbeat = HttpData.ofUtf8(":\n\n");
    follow(ctx, out, event -> HttpData.ofUtf8(sse(event)), () -> out.write(heartbeat));
    return out;
  }

  private static String sse(ObjectNode event) {
    return "event: " + event.path("type").asText() + "\ndata: " + Json.write(event) + "\n\n";
  }

  private WebSocket socket(ServiceRequestContext ctx, WebSocket in) {
    ctx.clearRequestTimeout();
    WebSocketWriter out = WebSocket.streaming();
    in.subscribe(new Hearer(out));
    follow(ctx, out, event -> WebSocketFrame.ofText(Json.write(event)), out::writePing);
    return out;
  }

  private <T> void follow(
      ServiceRequestContext ctx,
      StreamWriter<? super T> out,
      Function<ObjectNode, T> form,
      Runnable heartbeat) {
    LiveSession session = sessions.session(ctx);
    AtomicInteger unread = new AtomicInteger();
    LiveSession.Subscription subscription =
        session.events(
            event -> {
              if (unread.incrementAndGet() > MAX_UNREAD) {
                out.abort();
                return;
              }
              if (out.tryWrite(form.apply(EventText.of(event)))) {
                CompletableFuture<Void> _ = out.whenConsumed().thenRun(() -> unread.set(0));
              }
              if (event instanceof SessionEvent.Ended) {
                out.close();
              }
            });
    out.write(form.apply(EventText.of(session.state())));
    ScheduledFuture<?> beats =
        ctx.eventLoop()
            .withoutContext()
            .scheduleAtFixedRate(
                () -> {
                  if (out.isOpen()) {
                    heartbeat.run();
                  }
                },
                HEARTBEAT.toSeconds(),
                HEARTBEAT.toSeconds(),
                TimeUnit.SECONDS);
    CompletableFuture<Void> _ =
        out.whenComplete()
            .whenComplete(
                (done, failure) -> {
                  beats.cancel(false);
                  subscription.close();
                });
  }

  /** Reads what a client sends, which means nothing here, until it leaves. */
  private record Hearer(WebSocketWriter out) implements Subscriber<WebSocketFrame> {
    @Override
    public void onSubscribe(Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(WebSocketFrame frame) {
      frame.close();
    }

    @Override
    public void onError(Throwable failure) {
      out.abort(failure);
    }

    @Override
    public void onComplete() {
      out.close();
    }
  }
}
