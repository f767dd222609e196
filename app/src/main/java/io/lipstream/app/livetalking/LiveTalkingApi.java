package io.lipstream.app.livetalking;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpResponseWriter;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.multipart.AggregatedBodyPart;
import com.linecorp.armeria.common.multipart.AggregatedMultipart;
import com.linecorp.armeria.common.multipart.Multipart;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.file.HttpFile;
import io.lipstream.app.live.LiveSession;
import io.lipstream.app.live.LiveSessions;
import io.lipstream.app.live.Recordings;
import io.lipstream.app.live.SessionEvent;
import io.lipstream.app.live.SessionRequest;
import io.lipstream.app.live.SessionState;
import io.lipstream.media.audio.AudioFile;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.streaming.webrtc.WebRtcEndpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What front ends written for LiveTalking call, each on a session of ours.
 *
 * <p>They send no keys, so whoever reaches the port can use all of it; it is off unless configured.
 */
public final class LiveTalkingApi {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int MAX_TEXT_CHARS = 8_000;
  private static final long MAX_BODY_BYTES = 64 << 10;
  private static final int MAX_UNREAD = 1_000;
  private static final long MAX_SOUND_BYTES = 32 << 20;

  /** The first of their numbers that is neither speech nor silence. */
  private static final int FIRST_ACTION = 2;

  private static final long LEAST_ID = 100_000_000_000_000L;

  /** Numbers up to here are whole in JavaScript. */
  private static final long MOST_ID = 1L << 53;

  private final SecureRandom random = new SecureRandom();
  private final LiveSessions sessions;
  private final Recordings recordings;
  private final WebRtcEndpoint endpoint;
  private final AvatarStore avatars;
  private final Defaults defaults;
  private final Consumer<LiveSession> begun;

  /**
   * What a session is where its caller does not say.
   *
   * @param draining whether new sessions are refused
   */
  public record Defaults(String avatar, String voice, BooleanSupplier draining) {}

  /**
   * The calls.
   *
   * @param begun told of each new session
   */
  public LiveTalkingApi(
      LiveSessions sessions,
      Recordings recordings,
      WebRtcEndpoint endpoint,
      AvatarStore avatars,
      Defaults defaults,
      Consumer<LiveSession> begun) {
    this.sessions = sessions;
    this.recordings = recordings;
    this.endpoint = endpoint;
    this.avatars = avatars;
    this.defaults = defaults;
    this.begun = begun;
  }

  /** Adds the calls to a server. */
  public void bind(ServerBuilder builder) {
    json(builder, "/offer", this::offer);
    json(builder, "/human", this::human);
    json(builder, "/interrupt_talk", this::interrupt);
    json(builder, "/is_speaking", this::isSpeaking);
    json(builder, "/set_audiotype", this::act);
    json(builder, "/record", this::record);
    builder.route().get("/record/{id}").build(this::video);
    builder
        .route()
        .post("/humanaudio")
        .maxRequestLength(MAX_SOUND_BYTES)
        .build((ctx, request) -> sound(ctx, request.aggregate()));
    builder.route().methods(HttpMethod.GET).path("/sse").build((ctx, request) -> events(ctx));
  }

  private static void json(
      ServerBuilder builder, String path, Function<JsonNode, HttpResponse> call) {
    builder
        .route()
        .post(path)
        .maxRequestLength(MAX_BODY_BYTES)
        .build(
            (ctx, request) -> answer(ctx, request.aggregate(), whole -> call.apply(body(whole))));
  }

  private static HttpResponse answer(
      ServiceRequestContext ctx,
      CompletableFuture<AggregatedHttpRequest> request,
      Function<AggregatedHttpRequest, HttpResponse> call) {
    return HttpResponse.of(
        request.thenApplyAsync(call, ctx.blockingTaskExecutor()).exceptionally(Reply::failed));
  }

  private static JsonNode body(AggregatedHttpRequest request) {
    // A form of another site can send text/plain, not JSON.
    MediaType type = request.contentType();
    if (type == null || !type.isJson()) {
      throw new Reply.Refusal("the body must be JSON, not " + type);
    }
    try {
      return MAPPER.readTree(request.contentUtf8());
    } catch (JacksonException e) {
      throw new Reply.Refusal("the body is not valid JSON: " + e.getOriginalMessage());
    }
  }

  private HttpResponse offer(JsonNode body) {
    if (defaults.draining().getAsBoolean()) {
      throw new Reply.Refusal("the server is stopping");
    }
    String sdp = body.path("sdp").asText("");
    if (sdp.isBlank() || !body.path("type").asText("offer").equals("offer")) {
      throw new Reply.Refusal("there is no offer: send {sdp, type: \"offer\"}");
    }
    LiveSession session =
        sessions.create(
            new SessionRequest(avatar(body.path("avatar").asText("")), defaults.voice()), newId());
    begun.accept(session);
    try {
      String answer = session.join(events -> endpoint.answer(sdp, events)).answer();
      return Reply.of(
          JsonNodeFactory.instance
              .objectNode()
              .put("sdp", answer)
              .put("type", "answer")
              .put("sessionid", session.id()));
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
  }

  /** Digits: older front ends read ids as numbers, newer ones as texts. */
  private String newId() {
    return Long.toString(random.nextLong(LEAST_ID, MOST_ID));
  }

  private String avatar(String wanted) {
    if (wanted.isBlank()) {
      return defaults.avatar();
    }
    if (!AvatarManifest.NAME.matcher(wanted).matches() || !avatars.holds(wanted)) {
      throw new Reply.Refusal("there is no avatar named " + wanted);
    }
    return wanted;
  }

  private HttpResponse human(JsonNode body) {
    LiveSession session = session(body);
    String text = body.path("text").asText("");
    if (text.isBlank() || text.length() > MAX_TEXT_CHARS) {
      throw new Reply.Refusal("the text must have 1 to " + MAX_TEXT_CHARS + " characters");
    }
    if (body.path("interrupt").asBoolean(false)) {
      session.interrupt();
    }
    switch (body.path("type").asText("echo")) {
      case "echo" -> session.say(text);
      case "chat" -> session.chat(text);
      default -> throw new Reply.Refusal("type must be echo or chat, not " + body.path("type"));
    }
    return Reply.done();
  }

  private HttpResponse interrupt(JsonNode body) {
    session(body).interrupt();
    return Reply.done();
  }

  private HttpResponse isSpeaking(JsonNode body) {
    boolean speaking = session(body).state() instanceof SessionState.Speaking;
    return Reply.done(BooleanNode.valueOf(speaking));
  }

  /**
   * Their numbers from 2 on are the avatar's actions in order; 0 and 1, speech and silence, come by
   * themselves.
   */
  private HttpResponse act(JsonNode body) {
    LiveSession session = session(body);
    JsonNode number = body.path("audiotype");
    if (!number.isIntegralNumber() && !number.asText().matches("\\d{1,4}")) {
      throw new Reply.Refusal("audiotype must be a whole number");
    }
    int action = number.asInt() - FIRST_ACTION;
    List<String> actions = session.actions();
    if (action >= actions.size()) {
      throw new Reply.Refusal(
          "avatar "
              + session.look().avatar()
              + " has "
              + actions.size()
              + " actions, numbered from "
              + FIRST_ACTION);
    }
    if (action >= 0) {
      session.act(actions.get(action), 1);
    }
    return Reply.done();
  }

  private HttpResponse record(JsonNode body) {
    LiveSession session = session(body);
    switch (body.path("type").asText("")) {
      case "start_record" -> {
        if (recordings.start(session).isEmpty()) {
          throw new Reply.Refusal("the session is being recorded: send end_record first");
        }
      }
      case "end_record" -> stopRecording(session);
      default ->
          throw new Reply.Refusal(
              "type must be start_record or end_record, not " + body.path("type"));
    }
    return Reply.done();
  }

  private void stopRecording(LiveSession session) {
    for (Recordings.Description one : recordings.list(session.id())) {
      recordings.stop(session.id(), one.id());
    }
  }

  /** A session's last recording; also after its end. */
  private HttpResponse video(ServiceRequestContext ctx, HttpRequest request) throws Exception {
    String session = String.valueOf(ctx.pathParam("id"));
    Optional<Recordings.Reading> last = recordings.readLast(session);
    if (last.isEmpty()) {
      return HttpResponse.of(HttpStatus.NOT_FOUND);
    }
    var _ = ctx.log().whenComplete().thenRun(last.get()::close);
    return HttpFile.builder(last.get().file())
        .autoDetectedContentType(false)
        .setHeader("content-type", MediaType.MP4_VIDEO.toString())
        .setHeader("cache-control", "no-store")
        .build()
        .asService()
        .serve(ctx, request);
  }

  private HttpResponse sound(
      ServiceRequestContext ctx, CompletableFuture<AggregatedHttpRequest> request) {
    return HttpResponse.of(
        request
            .thenCompose(whole -> Multipart.from(whole.toHttpRequest()).aggregate())
            .thenApplyAsync(this::speak, ctx.blockingTaskExecutor())
            .exceptionally(Reply::failed));
  }

  private HttpResponse speak(AggregatedMultipart parts) {
    AggregatedBodyPart id = parts.field("sessionid");
    AggregatedBodyPart file = parts.field("file");
    if (id == null || file == null) {
      throw new Reply.Refusal("there must be the fields sessionid and file");
    }
    LiveSession session = session(id.contentUtf8());
    try {
      Path kept = Files.createTempFile("lipstream-said-", ".audio");
      try {
        Files.write(kept, file.content().array());
        // Open, it can be read to its end without its name.
        session.sayAudio(AudioFile.open(kept));
      } finally {
        Files.delete(kept);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("a sound that was sent cannot be kept", e);
    }
    return Reply.done();
  }

  /** When the avatar begins and ends to speak, and what it said by then. */
  private HttpResponse events(ServiceRequestContext ctx) {
    LiveSession session;
    try {
      session = session(String.valueOf(ctx.queryParam("sessionid")));
    } catch (Reply.Refusal e) {
      return HttpResponse.of(HttpStatus.NOT_FOUND);
    }
    ctx.clearRequestTimeout();
    HttpResponseWriter out = HttpResponse.streaming();
    out.write(
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(MediaType.EVENT_STREAM)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
            .build());
    AtomicInteger unread = new AtomicInteger();
    Speech speech = new Speech(session.state() instanceof SessionState.Speaking);
    LiveSession.Subscription subscription =
        session.events(
            event -> {
              String data = speech.status(event);
              if (data != null && unread.incrementAndGet() > MAX_UNREAD) {
                out.abort();
              } else if (data != null && out.tryWrite(HttpData.ofUtf8("data: " + data + "\n\n"))) {
                CompletableFuture<Void> _ = out.whenConsumed().thenRun(() -> unread.set(0));
              }
              if (event instanceof SessionEvent.Ended) {
                out.close();
              }
            });
    CompletableFuture<Void> _ =
        out.whenComplete().whenComplete((done, failure) -> subscription.close());
    return out;
  }

  private LiveSession session(JsonNode body) {
    return session(body.path("sessionid").asText(""));
  }

  private LiveSession session(String id) {
    return sessions
        .find(id)
        .orElseThrow(
            () -> new Reply.Refusal("there is no session " + id + ": POST /offer begins one"));
  }
}
