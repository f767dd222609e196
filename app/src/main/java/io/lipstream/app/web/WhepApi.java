package io.lipstream.app.web;

import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.lipstream.app.config.IceServerConfig;
import io.lipstream.app.live.LiveSession;
import io.lipstream.streaming.webrtc.Peer;
import io.lipstream.streaming.webrtc.WebRtcEndpoint;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Watching by WHEP: an offer comes in, the answer goes out, and a resource of its own stands for
 * the connection until it is deleted.
 */
final class WhepApi {
  private static final MediaType SDP = MediaType.create("application", "sdp");
  private static final MediaType FRAGMENT = MediaType.create("application", "trickle-ice-sdpfrag");

  private final SessionsApi sessions;
  private final WebRtcEndpoint endpoint;
  private final List<IceServerConfig> iceServers;

  WhepApi(SessionsApi sessions, WebRtcEndpoint endpoint, List<IceServerConfig> iceServers) {
    this.sessions = sessions;
    this.endpoint = endpoint;
    this.iceServers = iceServers;
  }

  HttpResponse offer(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    LiveSession session = sessions.session(ctx);
    require(request, SDP);
    String offer = request.contentUtf8();
    Peer peer = session.join(events -> endpoint.answer(offer, events));
    ResponseHeadersBuilder headers =
        ResponseHeaders.builder(HttpStatus.CREATED)
            .contentType(SDP)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
            .set(HttpHeaderNames.ETAG, tag(peer))
            .set(HttpHeaderNames.LOCATION, "/v1/sessions/" + session.id() + "/whep/" + peer.id());
    links(headers);
    return HttpResponse.of(headers.build(), HttpData.ofUtf8(peer.answer()));
  }

  /** Which ways of posting there are. */
  HttpResponse options(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    sessions.session(ctx);
    ResponseHeadersBuilder headers =
        ResponseHeaders.builder(HttpStatus.NO_CONTENT)
            .set(HttpHeaderNames.ALLOW, "POST, OPTIONS")
            .set("accept-post", SDP.toString());
    links(headers);
    return HttpResponse.of(headers.build());
  }

  private void links(ResponseHeadersBuilder headers) {
    for (IceServerConfig server : iceServers) {
      String link = "<" + server.url() + ">; rel=\"ice-server\"";
      if (!server.username().isEmpty()) {
        link +=
            "; username="
                + quoted(server.username())
                + "; credential="
                + quoted(server.credential().value())
                + "; credential-type=\"password\"";
      }
      headers.add(HttpHeaderNames.LINK, link);
    }
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  /** Candidates, or new credentials, which restart ICE (RFC 9725, section 4.3). */
  HttpResponse trickle(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    LiveSession session = sessions.session(ctx);
    require(request, FRAGMENT);
    Peer peer = peer(ctx, session);
    String wanted = request.headers().get(HttpHeaderNames.IF_MATCH, "*");
    if (!wanted.equals("*") && !wanted.equals(tag(peer))) {
      throw new Problem.Refusal(
          HttpStatus.PRECONDITION_FAILED,
          "the connection's ICE session is " + tag(peer) + ", not " + wanted,
          "it was restarted: send the ETag of the last answer");
    }
    return peer.trickle(request.contentUtf8())
        .map(fragment -> restarted(peer, fragment))
        .orElseGet(() -> HttpResponse.of(HttpStatus.NO_CONTENT));
  }

  private static HttpResponse restarted(Peer peer, String fragment) {
    ResponseHeaders headers =
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(FRAGMENT)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
            .set(HttpHeaderNames.ETAG, tag(peer))
            .build();
    return HttpResponse.of(headers, HttpData.ofUtf8(fragment));
  }

  private static String tag(Peer peer) {
    return '"' + peer.iceRound() + '"';
  }

  HttpResponse delete(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    peer(ctx, sessions.session(ctx)).close();
    return HttpResponse.of(HttpStatus.OK);
  }

  /** A connection of the session's own: others are none of its callers' business. */
  private Peer peer(ServiceRequestContext ctx, LiveSession session) {
    String id = String.valueOf(ctx.pathParam("viewer"));
    return endpoint
        .find(id)
        .filter(session::isWatchedBy)
        .orElseThrow(
            () ->
                new Problem.Refusal(
                    HttpStatus.NOT_FOUND,
                    "there is no connection " + id,
                    "it may be closed; POST an offer to the session's whep"));
  }

  private static void require(AggregatedHttpRequest request, MediaType wanted) {
    @Nullable MediaType type = request.contentType();
    if (type == null || !type.is(wanted)) {
      throw new Problem.Refusal(
          HttpStatus.UNSUPPORTED_MEDIA_TYPE,
          "the body must be " + wanted + ", not " + type,
          "send Content-Type: " + wanted);
    }
  }
}
