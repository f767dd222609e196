package io.lipstream.app.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.lipstream.app.config.IceServerConfig;
import io.lipstream.app.live.LiveEvents;
import io.lipstream.app.live.LiveSession;
import io.lipstream.app.live.LiveSessions;
import io.lipstream.app.live.Look;
import io.lipstream.app.live.SessionRequest;
import io.lipstream.app.live.SessionStatistics;
import io.lipstream.app.quality.Importance;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.AudioFile;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.Background;
import io.lipstream.streaming.live.ViewerStatistics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.StreamSupport;

/** Sessions: begin, look at, speak, interrupt, end. */
final class SessionsApi {
  private static final int MAX_TEXT_CHARS = 8_000;
  private static final long MAX_SOUND_BYTES = 32L << 20;
  private static final int SOUNDS_AT_ONCE = 16;

  private final LiveSessions sessions;
  private final CatalogueApi.Offer offer;
  private final List<IceServerConfig> iceServers;
  private final BooleanSupplier draining;
  private final Credentials credentials;
  private final Webhooks webhooks;

  SessionsApi(
      LiveSessions sessions,
      CatalogueApi.Offer offer,
      List<IceServerConfig> iceServers,
      BooleanSupplier draining,
      Credentials credentials,
      Webhooks webhooks) {
    this.credentials = credentials;
    this.webhooks = webhooks;
    this.sessions = sessions;
    this.offer = offer;
    this.iceServers = iceServers;
    this.draining = draining;
  }

  HttpResponse create(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    if (draining.getAsBoolean()) {
      sessions.refused(LiveEvents.Refusal.DRAINING);
      throw new Problem.Refusal(
          HttpStatus.SERVICE_UNAVAILABLE, "the server is stopping", "start it again");
    }
    ObjectNode body =
        Json.object(request, Set.of("avatar", "voice", "background", "priority"), "webhook");
    Optional<Webhooks.Target> webhook =
        body.has("webhook") ? Optional.of(webhook(ctx, body.path("webhook"))) : Optional.empty();
    String colour = body.path("background").asText("");
    String avatar = text(body, "avatar", offer.avatar());
    if (!AvatarManifest.NAME.matcher(avatar).matches()) { // the store takes paths, callers must not
      throw CatalogueApi.unknown(avatar);
    }
    Look look = new Look(avatar, colour.isBlank() ? null : Background.colour(colour));
    LiveSession session =
        sessions.create(
            new SessionRequest(
                look,
                text(body, "voice", offer.voice()),
                importance(text(body, "priority", "normal"))));
    webhooks.follow(session);
    webhook.ifPresent(target -> webhooks.follow(session, target));
    return Json.response(
        HttpStatus.CREATED,
        describe(session).put("token", credentials.sessionToken(session.id())),
        "location",
        "/v1/sessions/" + session.id());
  }

  private Webhooks.Target webhook(ServiceRequestContext ctx, JsonNode given) {
    if (Guard.caller(ctx).isVisitor()) {
      throw new Problem.Refusal(
          HttpStatus.FORBIDDEN,
          "visitors of the page cannot name a webhook",
          "use a key with the scope create");
    }
    List<String> events = new ArrayList<>();
    given.path("events").forEach(each -> events.add(each.asText()));
    boolean known =
        given.properties().stream()
            .allMatch(each -> Set.of("url", "events").contains(each.getKey()));
    boolean eventsAreTexts =
        given.path("events").isMissingNode()
            || (given.path("events").isArray()
                && StreamSupport.stream(given.path("events").spliterator(), false)
                    .allMatch(JsonNode::isTextual));
    if (!known || !given.path("url").isTextual() || !eventsAreTexts) {
      throw new Problem.Refusal(
          HttpStatus.BAD_REQUEST,
          "a webhook must hold a url and may hold a list of events, and nothing else",
          "send {\"webhook\": {\"url\": \"https://example.org/lipstream\"}}");
    }
    return webhooks.named(given.path("url").asText(), events);
  }

  private static Importance importance(String name) {
    return switch (name) {
      case "high" -> Importance.HIGH;
      case "normal" -> Importance.NORMAL;
      case "low" -> Importance.LOW;
      default ->
          throw new Problem.Refusal(
              HttpStatus.BAD_REQUEST,
              "there is no priority \"" + name + "\"",
              "use high, normal or low");
    };
  }

  private static String text(ObjectNode body, String key, String otherwise) {
    String value = body.path(key).asText("");
    return value.isBlank() ? otherwise : value;
  }

  HttpResponse list(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    ObjectNode body = Json.object();
    ArrayNode list = body.putArray("sessions");
    sessions.all().forEach(session -> list.add(describe(session)));
    return Json.response(HttpStatus.OK, body);
  }

  HttpResponse state(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    return Json.response(
        HttpStatus.OK, Json.object().put("state", EventText.name(session(ctx).state())));
  }

  HttpResponse get(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    return Json.response(HttpStatus.OK, describe(session(ctx)));
  }

  HttpResponse delete(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    session(ctx).close();
    return HttpResponse.of(HttpStatus.NO_CONTENT);
  }

  HttpResponse say(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    session(ctx).say(text(request));
    return HttpResponse.of(HttpStatus.NO_CONTENT);
  }

  /** A text, or a sound, whose mouth movements follow from it. */
  Upload speak() {
    return new Upload(MAX_SOUND_BYTES, SOUNDS_AT_ONCE, (ctx, request) -> session(ctx), this::sound)
        .orElse(new Blocking(this::say));
  }

  private HttpResponse sound(ServiceRequestContext ctx, HttpRequest request, Path body) {
    LiveSession session = session(ctx);
    AudioFile sound;
    try {
      sound = AudioFile.open(body);
    } catch (LipstreamException e) {
      // The file's name means nothing to who sent it.
      throw new Problem.Refusal(
          HttpStatus.BAD_REQUEST,
          e.getMessage().replace(body.toString(), "what was sent"),
          e.hint());
    }
    try {
      session.sayAudio(sound);
    } catch (RuntimeException e) {
      sound.close();
      throw e;
    }
    return HttpResponse.of(HttpStatus.NO_CONTENT);
  }

  HttpResponse chat(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    session(ctx).chat(text(request));
    return HttpResponse.of(HttpStatus.NO_CONTENT);
  }

  HttpResponse interrupt(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    session(ctx).interrupt();
    return HttpResponse.of(HttpStatus.NO_CONTENT);
  }

  HttpResponse endTurn(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    session(ctx).endTurn();
    return HttpResponse.of(HttpStatus.NO_CONTENT);
  }

  /**
   * The session of a request's path.
   *
   * @throws Problem.Refusal if there is none
   */
  LiveSession session(ServiceRequestContext ctx) {
    String id = String.valueOf(ctx.pathParam("id"));
    return sessions
        .find(id)
        .orElseThrow(
            () ->
                new Problem.Refusal(
                    HttpStatus.NOT_FOUND,
                    "there is no session " + id,
                    "it may have ended; POST /v1/sessions begins one"));
  }

  private static String text(AggregatedHttpRequest request) {
    String text = Json.texts(request, Set.of("text")).path("text").asText("");
    if (text.isBlank()) {
      throw new Problem.Refusal(
          HttpStatus.BAD_REQUEST, "there is no text", "send {\"text\": \"Hello.\"}");
    }
    if (text.length() > MAX_TEXT_CHARS) {
      throw new Problem.Refusal(
          HttpStatus.REQUEST_ENTITY_TOO_LARGE,
          "the text has " + text.length() + " characters, more than " + MAX_TEXT_CHARS,
          "send it in parts");
    }
    return text;
  }

  private ObjectNode describe(LiveSession session) {
    String path = "/v1/sessions/" + session.id();
    ObjectNode body =
        Json.object()
            .put("id", session.id())
            .put("avatar", session.look().avatar())
            .put("voice", session.request().voice())
            .put("state", EventText.name(session.state()))
            .put("whep", path + "/whep")
            .put("events", path + "/events")
            .put("audio", path + "/audio");
    session.actions().forEach(body.putArray("actions")::add);
    ArrayNode ice = body.putArray("iceServers");
    for (IceServerConfig server : iceServers) {
      ObjectNode one = ice.addObject().put("urls", server.url());
      if (!server.username().isEmpty()) {
        one.put("username", server.username()).put("credential", server.credential().value());
      }
    }
    SessionStatistics done = session.statistics();
    body.putObject("statistics")
        .put("picturesShown", done.picturesShown())
        .put("mouthsDrawn", done.mouthsDrawn())
        .put("mouthsLate", done.mouthsLate())
        .put("soundsMissing", done.soundsMissing())
        .put("soundUnderruns", done.soundUnderruns())
        .put("firstPictureMillis", done.firstPictureNanos() / 1e6);
    ArrayNode viewers = body.putArray("viewers");
    done.viewers().forEach(viewer -> viewers.add(describe(viewer)));
    return body;
  }

  private static ObjectNode describe(ViewerStatistics viewer) {
    return Json.object()
        .put("picturesSent", viewer.picturesSent())
        .put("picturesDropped", viewer.picturesDropped())
        .put("bytesSent", viewer.bytesSent())
        .put("packetsResent", viewer.packetsResent())
        .put("lostShare", viewer.lostShare())
        .put("roundTripMillis", viewer.roundTripNanos() / 1e6)
        .put("bitrateBps", viewer.bitrateBps());
  }
}
