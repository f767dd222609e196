package io.lipstream.app.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.lipstream.app.live.LiveSession;
import io.lipstream.app.live.Look;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.avatar.Background;
import java.util.Set;

/** What a session shows: its avatar, the background behind it, and what the avatar does. */
final class StageApi {
  private final SessionsApi sessions;
  private final AvatarStore avatars;

  StageApi(SessionsApi sessions, AvatarStore avatars) {
    this.sessions = sessions;
    this.avatars = avatars;
  }

  /** Takes a colour as JSON, or a picture as it is. */
  HttpResponse background(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    LiveSession session = sessions.session(ctx);
    MediaType type = request.contentType();
    if (type != null && type.is(MediaType.ANY_IMAGE_TYPE)) {
      session.showBackground(Background.sent(request.content().array()));
    } else {
      session.showBackground(Background.colour(required(request, "colour", "#1d3557")));
    }
    return HttpResponse.of(HttpStatus.NO_CONTENT);
  }

  /** Goes back to the avatar's own. */
  HttpResponse ownBackground(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    sessions.session(ctx).showBackground(null);
    return HttpResponse.of(HttpStatus.NO_CONTENT);
  }

  HttpResponse avatar(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    LiveSession session = sessions.session(ctx);
    String name = required(request, "avatar", "sam");
    if (!AvatarManifest.NAME.matcher(name).matches() || !avatars.holds(name)) {
      throw new Problem.Refusal(
          HttpStatus.NOT_FOUND, "there is no avatar named " + name, "GET /v1/avatars lists them");
    }
    Look before = session.look();
    session.show(new Look(name, before.background()));
    return HttpResponse.of(HttpStatus.NO_CONTENT);
  }

  HttpResponse action(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    ObjectNode body = Json.texts(request, Set.of("name", "times"));
    String name = body.path("name").asText("");
    if (name.isBlank()) {
      throw new Problem.Refusal(
          HttpStatus.BAD_REQUEST, "there is no name", "send {\"name\": \"nod\"}");
    }
    int times;
    try {
      times = Integer.parseInt(body.path("times").asText("1"));
    } catch (NumberFormatException e) {
      throw new Problem.Refusal(
          HttpStatus.BAD_REQUEST, "times is no whole number", "send {\"times\": \"2\"}");
    }
    sessions.session(ctx).act(name, times);
    return HttpResponse.of(HttpStatus.NO_CONTENT);
  }

  private static String required(AggregatedHttpRequest request, String key, String example) {
    String value = Json.texts(request, Set.of(key)).path(key).asText("");
    if (value.isBlank()) {
      throw new Problem.Refusal(
          HttpStatus.BAD_REQUEST,
          "there is no " + key,
          "send {\"" + key + "\": \"" + example + "\"}");
    }
    return value;
  }
}
