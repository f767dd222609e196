package io.lipstream.app.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.file.HttpFile;
import io.lipstream.app.live.LiveSession;
import io.lipstream.app.live.Recordings;
import java.util.List;
import java.util.Optional;

/** Sessions as videos. */
final class RecordingsApi {
  private final SessionsApi sessions;
  private final Recordings recordings;

  RecordingsApi(SessionsApi sessions, Recordings recordings) {
    this.sessions = sessions;
    this.recordings = recordings;
  }

  HttpResponse start(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    LiveSession session = sessions.session(ctx);
    Recordings.Description begun =
        recordings
            .start(session)
            .orElseThrow(
                () ->
                    new Problem.Refusal(
                        HttpStatus.CONFLICT,
                        "session " + session.id() + " is being recorded",
                        "stop that recording first"));
    return Json.response(HttpStatus.CREATED, describe(begun), "location", path(begun));
  }

  HttpResponse all(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    return list(recordings.list(""));
  }

  HttpResponse ofSession(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    List<Recordings.Description> found = recordings.list(param(ctx, "id"));
    if (found.isEmpty()) {
      sessions.session(ctx);
    }
    return list(found);
  }

  private static HttpResponse list(List<Recordings.Description> found) {
    ObjectNode body = Json.object();
    ArrayNode list = body.putArray("recordings");
    found.forEach(each -> list.add(describe(each)));
    return Json.response(HttpStatus.OK, body);
  }

  HttpResponse get(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    return Json.response(HttpStatus.OK, describe(recording(ctx)));
  }

  /** One that has ended by itself just before is no mistake of who stops it. */
  HttpResponse stop(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    Recordings.Description known = recording(ctx);
    recordings.stop(known.session(), known.id());
    return Json.response(HttpStatus.OK, describe(recording(ctx)));
  }

  HttpResponse delete(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    Recordings.Description known = recording(ctx);
    recordings.delete(known.session(), known.id());
    return HttpResponse.of(HttpStatus.NO_CONTENT);
  }

  /** The mp4 as far as it has been written; it can be played from its beginning at any time. */
  HttpResponse video(ServiceRequestContext ctx, HttpRequest request) throws Exception {
    Optional<Recordings.Reading> reading =
        recordings.read(param(ctx, "id"), param(ctx, "recording"));
    if (reading.isEmpty()) {
      return Problem.of(unknown(ctx)).response();
    }
    var _ = ctx.log().whenComplete().thenRun(reading.get()::close);
    return HttpFile.builder(reading.get().file())
        .autoDetectedContentType(false)
        .setHeader("content-type", MediaType.MP4_VIDEO.toString())
        .setHeader("cache-control", "no-store")
        .build()
        .asService()
        .serve(ctx, request);
  }

  private Recordings.Description recording(ServiceRequestContext ctx) {
    return recordings
        .find(param(ctx, "id"), param(ctx, "recording"))
        .orElseThrow(() -> unknown(ctx));
  }

  private static Problem.Refusal unknown(ServiceRequestContext ctx) {
    return new Problem.Refusal(
        HttpStatus.NOT_FOUND,
        "there is no recording " + param(ctx, "recording") + " of this session",
        "GET the session's recordings to see which there are");
  }

  private static String param(ServiceRequestContext ctx, String name) {
    return String.valueOf(ctx.pathParam(name));
  }

  private static String path(Recordings.Description one) {
    return "/v1/sessions/" + one.session() + "/recordings/" + one.id();
  }

  private static ObjectNode describe(Recordings.Description one) {
    ObjectNode body =
        Json.object()
            .put("id", one.id())
            .put("session", one.session())
            .put("state", one.state())
            .put("bytes", one.bytes())
            .put("video", path(one) + "/video");
    if (!one.duration().isZero()) {
      body.put("seconds", one.duration().toMillis() / 1e3);
    }
    if (!one.message().isEmpty()) {
      body.put("message", one.message()).put("hint", one.hint());
    }
    return body;
  }
}
