package io.lipstream.app.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.websocket.WebSocket;
import com.linecorp.armeria.common.websocket.WebSocketCloseStatus;
import com.linecorp.armeria.common.websocket.WebSocketFrame;
import com.linecorp.armeria.common.websocket.WebSocketFrameType;
import com.linecorp.armeria.common.websocket.WebSocketWriter;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.websocket.WebSocketService;
import io.lipstream.app.live.LiveInput;
import io.lipstream.app.live.LiveInput.Coding;
import io.lipstream.app.live.LiveSession;
import io.lipstream.app.live.SessionEvent;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.LookAhead;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Live sound for a session to speak, over a WebSocket; docs/api.md has the messages.
 *
 * <p>What is sent is taken as it comes and never waits: sound that nobody is ready for is left out,
 * as {@link LiveInput} says.
 */
final class AudioApi {
  private static final Logger LOG = LoggerFactory.getLogger(AudioApi.class);
  private static final int MAX_MESSAGE_BYTES = 64 << 10;

  /** A client that reads so little of what it is told is cut off. */
  private static final int MAX_UNREAD = 512;

  private static final Set<String> START_KEYS =
      Set.of("type", "format", "sampleRate", "channels", "header", "lookAheadMillis");

  private final SessionsApi sessions;
  private final int lookAheadMillis;

  /**
   * The service of all sessions.
   *
   * @param lookAheadMillis where a client says nothing
   */
  AudioApi(SessionsApi sessions, int lookAheadMillis) {
    this.sessions = sessions;
    this.lookAheadMillis = lookAheadMillis;
  }

  HttpService service() {
    WebSocketService sockets =
        WebSocketService.builder(this::socket)
            .allowedOrigin(origin -> true) // SameSite has looked already
            .maxFramePayloadLength(MAX_MESSAGE_BYTES)
            .build();
    return sockets.decorate(
        (delegate, ctx, req) -> {
          try {
            sessions.session(ctx);
          } catch (Problem.Refusal refusal) {
            return Problem.of(refusal).response();
          }
          return delegate.serve(ctx, EventsApi.withOrigin(ctx, req));
        });
  }

  private WebSocket socket(ServiceRequestContext ctx, WebSocket in) {
    ctx.clearRequestTimeout();
    WebSocketWriter out = WebSocket.streaming();
    in.subscribe(new Caller(sessions.session(ctx), out));
    return out;
  }

  /** One client, told by its event loop, except for what media threads tell. */
  private final class Caller implements Subscriber<WebSocketFrame>, LiveInput.Listener {
    private final LiveSession session;
    private final WebSocketWriter out;
    private final AtomicInteger unread = new AtomicInteger();
    private final ByteArrayOutputStream message = new ByteArrayOutputStream();
    private final LiveSession.Subscription events;
    private boolean text;
    private @Nullable LiveInput input;

    Caller(LiveSession session, WebSocketWriter out) {
      this.session = session;
      this.out = out;
      events =
          session.events(
              event -> {
                if (event instanceof SessionEvent.Ended) {
                  out.close(WebSocketCloseStatus.NORMAL_CLOSURE, "the session has ended");
                }
              });
      CompletableFuture<Void> _ = out.whenComplete().whenComplete((done, failure) -> leave());
    }

    @Override
    public void onSubscribe(Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(WebSocketFrame frame) {
      try (frame) {
        if (!out.isOpen()) {
          return;
        }
        switch (frame.type()) {
          case TEXT, BINARY, CONTINUATION -> take(frame);
          case CLOSE -> {
            leave();
            out.close();
          }
          default -> {}
        }
      } catch (LipstreamException e) {
        refuse(String.valueOf(e.getMessage()), e.hint());
      } catch (IllegalArgumentException e) {
        refuse(String.valueOf(e.getMessage()), "docs/api.md has the messages");
      } catch (RuntimeException e) {
        LOG.error("a message of live sound failed", e);
        refuse("an error inside Lipstream", "the server's log tells more");
      }
    }

    private void take(WebSocketFrame frame) {
      byte[] payload = frame.array();
      boolean begins = frame.type() != WebSocketFrameType.CONTINUATION;
      if (begins) {
        text = frame.type() == WebSocketFrameType.TEXT;
        message.reset();
      }
      if (begins && frame.isFinalFragment()) {
        read(payload);
        return;
      }
      if (message.size() + payload.length > MAX_MESSAGE_BYTES) {
        throw new IllegalArgumentException(
            "a message has more than " + MAX_MESSAGE_BYTES + " bytes");
      }
      message.writeBytes(payload);
      if (frame.isFinalFragment()) {
        byte[] whole = message.toByteArray();
        message.reset();
        read(whole);
      }
    }

    private void read(byte[] whole) {
      if (text) {
        command(Json.parse(new String(whole, StandardCharsets.UTF_8)));
        return;
      }
      LiveInput open = input;
      if (open == null) {
        throw new IllegalArgumentException(
            "sound came before the message that says what it is: send {\"type\": \"start\", ...}");
      }
      open.push(whole, whole.length);
    }

    private void command(JsonNode order) {
      String type = order.path("type").asText("");
      if (type.equals("start")) {
        start(order);
        return;
      }
      LiveInput open = input;
      if (open == null) {
        throw new IllegalArgumentException("the first message must be of type start");
      }
      switch (type) {
        case "end" -> open.end();
        case "clear" -> open.clear();
        default ->
            throw new IllegalArgumentException(
                "unknown type \"" + type + "\": there are start, end and clear");
      }
    }

    private void start(JsonNode order) {
      if (input != null) {
        throw new IllegalArgumentException("started already: open another connection");
      }
      order
          .fieldNames()
          .forEachRemaining(
              key -> {
                if (!START_KEYS.contains(key)) {
                  throw new IllegalArgumentException("unknown key " + key + " in start");
                }
              });
      Coding coding =
          switch (order.path("format").asText("pcm16")) {
            case "pcm16" -> Coding.PCM16;
            case "opus" -> Coding.OPUS;
            default ->
                throw new IllegalArgumentException(
                    "format must be pcm16 or opus, not " + order.path("format"));
          };
      boolean rtp =
          switch (order.path("header").asText("none")) {
            case "none" -> false;
            case "rtp" -> true;
            default ->
                throw new IllegalArgumentException(
                    "header must be none or rtp, not " + order.path("header"));
          };
      LiveInput.Format format =
          new LiveInput.Format(
              coding,
              number(order, "sampleRate", coding == Coding.OPUS ? 48_000 : 16_000),
              number(order, "channels", 1),
              rtp,
              new LookAhead(number(order, "lookAheadMillis", lookAheadMillis)));
      input = session.openInput(format, this);
      tell(Json.object().put("type", "ready"));
    }

    private int number(JsonNode order, String key, int otherwise) {
      JsonNode value = order.path(key);
      if (value.isMissingNode()) {
        return otherwise;
      }
      if (!value.isInt()) {
        throw new IllegalArgumentException(key + " must be a whole number, not " + value);
      }
      return value.intValue();
    }

    private void refuse(String what, String hint) {
      tell(Json.object().put("type", "failed").put("message", what).put("hint", hint));
      leave();
      out.close(WebSocketCloseStatus.POLICY_VIOLATION, "refused");
    }

    @Override
    public void started() {
      tell(Json.object().put("type", "started"));
    }

    @Override
    public void underrun(long count) {
      tell(Json.object().put("type", "underrun").put("count", count));
    }

    @Override
    public void finished(LiveInput.Finished what) {
      tell(
          Json.object()
              .put("type", "finished")
              .put("heardMillis", what.heardMillis())
              .put("interrupted", what.interrupted())
              .put("packets", what.playout().packets())
              .put("latePackets", what.playout().latePackets())
              .put("underruns", what.playout().underruns())
              .put("concealedMillis", what.playout().concealedMillis())
              .put("skippedMillis", what.playout().skippedMillis())
              .put("insertedMillis", what.playout().insertedMillis()));
    }

    private void tell(ObjectNode event) {
      if (unread.incrementAndGet() > MAX_UNREAD) {
        out.abort();
      } else if (out.tryWrite(WebSocketFrame.ofText(Json.write(event)))) {
        CompletableFuture<Void> _ = out.whenConsumed().thenRun(() -> unread.set(0));
      }
    }

    @Override
    public void onError(Throwable failure) {
      out.abort(failure);
    }

    @Override
    public void onComplete() {
      out.close();
    }

    /** The place is free before the client hears the end, so that who comes next finds it. */
    private void leave() {
      events.close();
      LiveInput open = input;
      if (open != null) {
        open.close();
      }
    }
  }
}
