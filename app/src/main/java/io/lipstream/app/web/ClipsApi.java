package io.lipstream.app.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ServerCacheControl;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.file.HttpFile;
import io.lipstream.app.render.Clips;
import io.lipstream.app.render.Clips.Clip;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Clips: what an avatar says, as a file to look at and to keep. */
final class ClipsApi {
  private static final int MAX_TEXT_CHARS = 4_000;

  private final Clips clips;
  private final CatalogueApi.Offer offer;

  ClipsApi(Clips clips, CatalogueApi.Offer offer) {
    this.clips = clips;
    this.offer = offer;
  }

  HttpResponse create(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    ObjectNode body = Json.texts(request, Set.of("avatar", "voice", "text"));
    String text = body.path("text").asText("").strip();
    if (text.isEmpty()) {
      throw new Problem.Refusal(
          HttpStatus.BAD_REQUEST, "there is no text", "send {\"text\": \"Hello.\"}");
    }
    if (text.length() > MAX_TEXT_CHARS) {
      throw new Problem.Refusal(
          HttpStatus.REQUEST_ENTITY_TOO_LARGE,
          "the text has " + text.length() + " characters, more than " + MAX_TEXT_CHARS,
          "render it in parts, or with lipstream render");
    }
    Clips.Order order =
        new Clips.Order(
            said(body, "avatar", offer.avatar()), said(body, "voice", offer.voice()), text);
    Clip clip =
        clips
            .order(order)
            .orElseThrow(
                () ->
                    new Problem.Refusal(
                        HttpStatus.TOO_MANY_REQUESTS,
                        "too many clips wait already",
                        "wait until some are ready"));
    return Json.response(HttpStatus.ACCEPTED, describe(clip), "location", "/v1/clips/" + clip.id());
  }

  private static String said(ObjectNode body, String key, String otherwise) {
    String value = body.path(key).asText("");
    return value.isBlank() ? otherwise : value;
  }

  HttpResponse get(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    return Json.response(
        HttpStatus.OK, describe(clips.find(id(ctx)).orElseThrow(() -> unknown(ctx))));
  }

  HttpResponse delete(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    if (!clips.remove(id(ctx))) {
      throw unknown(ctx);
    }
    return HttpResponse.of(HttpStatus.NO_CONTENT);
  }

  HttpResponse video(ServiceRequestContext ctx, HttpRequest request) throws Exception {
    Optional<Path> file = clips.video(id(ctx));
    if (file.isEmpty()) {
      return Problem.of(unknown(ctx)).response();
    }
    return HttpFile.builder(file.get())
        .contentType(MediaType.MP4_VIDEO)
        .cacheControl(ServerCacheControl.builder().cachePrivate().maxAgeSeconds(3600).build())
        .build()
        .asService()
        .serve(ctx, request);
  }

  private static String id(ServiceRequestContext ctx) {
    return String.valueOf(ctx.pathParam("id"));
  }

  private static Problem.Refusal unknown(ServiceRequestContext ctx) {
    return new Problem.Refusal(
        HttpStatus.NOT_FOUND,
        "there is no clip " + id(ctx) + ", or not yet",
        "the server keeps the last ones; POST /v1/clips begins one");
  }

  private static ObjectNode describe(Clip clip) {
    ObjectNode body =
        Json.object()
            .put("id", clip.id())
            .put("avatar", clip.order().avatar())
            .put("voice", clip.order().voice())
            .put("text", clip.order().text())
            .put("state", clip.state().name().toLowerCase(Locale.ROOT))
            .put("framesDone", clip.framesDone())
            .put("frameCount", clip.frameCount())
            .put("seconds", clip.seconds());
    if (clip.state() == Clips.State.READY) {
      body.put("video", "/v1/clips/" + clip.id() + "/video");
    }
    if (!clip.message().isEmpty()) {
      body.put("message", clip.message()).put("hint", clip.hint());
    }
    return body;
  }
}
