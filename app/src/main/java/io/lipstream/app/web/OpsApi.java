package io.lipstream.app.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpResponseWriter;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.lipstream.app.live.LiveSession;
import io.lipstream.app.live.LiveSessions;
import io.lipstream.app.live.SessionStatistics;
import io.lipstream.streaming.live.ViewerStatistics;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * What the server does now, for the page of those who run it: the metrics under their Prometheus
 * names, and the sessions one by one. Once, or each second as server-sent events.
 */
final class OpsApi implements HttpService {
  private static final long PERIOD_MILLIS = 1000;

  /** A session's id is its key: who only looks sees as much of it as tells sessions apart. */
  private static final int NAME_LETTERS = 6;

  private static final Pattern SHOWN =
      Pattern.compile(
          "^(lipstream|concurrent|active|frame|audio|video|process|system|jvm_memory_used)"
              + ".* [^ ]+$");

  private final LiveSessions sessions;
  private final int maxSessions;
  private final Supplier<String> metrics;
  private final BooleanSupplier draining;

  /**
   * Over the sessions.
   *
   * @param maxSessions so many can be at once
   * @param metrics as Prometheus reads them
   */
  OpsApi(
      LiveSessions sessions, int maxSessions, Supplier<String> metrics, BooleanSupplier draining) {
    this.sessions = sessions;
    this.maxSessions = maxSessions;
    this.metrics = metrics;
    this.draining = draining;
  }

  @Override
  public HttpResponse serve(ServiceRequestContext ctx, HttpRequest request) {
    List<MediaType> accepted = request.headers().accept();
    if (accepted.stream().anyMatch(type -> type.is(MediaType.EVENT_STREAM))) {
      return stream(ctx);
    }
    return HttpResponse.of(
        CompletableFuture.supplyAsync(
            () -> Json.response(HttpStatus.OK, reading()), ctx.blockingTaskExecutor()));
  }

  private HttpResponse stream(ServiceRequestContext ctx) {
    ctx.clearRequestTimeout();
    HttpResponseWriter out = HttpResponse.streaming();
    out.write(
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(MediaType.EVENT_STREAM)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
            .set("x-accel-buffering", "no") // nginx would hold events back
            .build());
    AtomicBoolean unread = new AtomicBoolean();
    ScheduledFuture<?> ticks =
        ctx.blockingTaskExecutor()
            .withoutContext()
            .scheduleAtFixedRate(() -> tell(out, unread), 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    CompletableFuture<Void> _ =
        out.whenComplete().whenComplete((done, failure) -> ticks.cancel(false));
    return out;
  }

  /** A client that has not read the last one is left out. */
  private void tell(HttpResponseWriter out, AtomicBoolean unread) {
    if (!unread.compareAndSet(false, true)) {
      return;
    }
    String event = "event: reading\ndata: " + Json.write(reading()) + "\n\n";
    if (out.tryWrite(HttpData.ofUtf8(event))) {
      CompletableFuture<Void> _ = out.whenConsumed().thenRun(() -> unread.set(false));
    }
  }

  private ObjectNode reading() {
    ObjectNode body =
        Json.object()
            .put("at", System.currentTimeMillis())
            .put("draining", draining.getAsBoolean())
            .put("maxSessions", maxSessions);
    ArrayNode all = body.putArray("sessions");
    sessions.all().forEach(session -> all.add(describe(session)));
    ObjectNode shown = body.putObject("metrics");
    metrics
        .get()
        .lines()
        .filter(line -> SHOWN.matcher(line).matches())
        .forEach(line -> put(shown, line));
    return body;
  }

  private static void put(ObjectNode shown, String line) {
    int space = line.lastIndexOf(' ');
    double value = Double.parseDouble(line.substring(space + 1));
    if (Double.isFinite(value)) {
      shown.put(line.substring(0, space), value);
    }
  }

  private static ObjectNode describe(LiveSession session) {
    SessionStatistics done = session.statistics();
    List<ViewerStatistics> viewers = done.viewers();
    return Json.object()
        .put("name", session.id().substring(0, NAME_LETTERS))
        .put("avatar", session.look().avatar())
        .put("state", EventText.name(session.state()))
        .put("viewers", viewers.size())
        .put("bitrateBps", viewers.stream().mapToInt(ViewerStatistics::bitrateBps).max().orElse(0))
        .put(
            "roundTripMillis",
            viewers.stream().mapToLong(ViewerStatistics::roundTripNanos).max().orElse(0) / 1e6)
        .put("lostShare", viewers.stream().mapToDouble(ViewerStatistics::lostShare).max().orElse(0))
        .put("picturesShown", done.picturesShown())
        .put("mouthsLate", done.mouthsLate())
        .put("soundsMissing", done.soundsMissing())
        .put("firstPictureMillis", done.firstPictureNanos() / 1e6);
  }
}
