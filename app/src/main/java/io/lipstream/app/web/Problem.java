package io.lipstream.app.web;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseCompleteException;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.common.util.Exceptions;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.lipstream.media.LipstreamException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Why a request was refused, as RFC 9457 has it, with what to do about it.
 *
 * @param detail what was wrong
 * @param hint what to do; may be empty
 */
record Problem(HttpStatus status, String detail, String hint) {
  private static final Logger LOG = LoggerFactory.getLogger(Problem.class);

  /** What is full now may have room again that soon. */
  private static final String RETRY_SECONDS = "5";

  /**
   * A body up to this is awaited before the refusal is sent: callers that are still sending over
   * HTTP/2 may see a broken stream instead of the answer.
   */
  private static final int AWAITED_BYTES = 1 << 20;

  private static final MediaType TYPE = MediaType.create("application", "problem+json");

  /** A request that is refused in the middle of its handling. */
  static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    Refusal(HttpStatus status, String detail, String hint) {
      super(detail, null, false, false);
      problem = new Problem(status, detail, hint);
    }
  }

  /** What a failure means to the caller; one that is ours is logged. */
  static Problem of(Throwable failure) {
    return switch (Exceptions.peel(failure)) {
      case Refusal refusal -> refusal.problem;
      case LipstreamException known ->
          new Problem(status(known.kind()), String.valueOf(known.getMessage()), known.hint());
      case ContentTooLargeException large ->
          new Problem(
              HttpStatus.REQUEST_ENTITY_TOO_LARGE,
              "the request's body has more than " + large.maxContentLength() + " bytes",
              "send less");
      // Its body was more than is taken, which the port has said by itself.
      case ResponseCompleteException _ ->
          new Problem(
              HttpStatus.REQUEST_ENTITY_TOO_LARGE, "the request's body is too large", "send less");
      case Throwable other -> {
        LOG.error("a request failed", other);
        yield new Problem(
            HttpStatus.INTERNAL_SERVER_ERROR,
            "an error inside Lipstream",
            "the server's log tells more");
      }
    };
  }

  private static HttpStatus status(LipstreamException.Kind kind) {
    return switch (kind) {
      case INPUT -> HttpStatus.BAD_REQUEST;
      case AVATAR -> HttpStatus.NOT_FOUND;
      case ENVIRONMENT -> HttpStatus.SERVICE_UNAVAILABLE;
      case CONFIGURATION, OUTPUT -> HttpStatus.INTERNAL_SERVER_ERROR;
    };
  }

  /** The response, with more headers as names and values. */
  HttpResponse response(CharSequence... headers) {
    return whole(headers).toHttpResponse();
  }

  /** The same for a request whose body nobody has read. */
  HttpResponse unread(ServiceRequestContext ctx, HttpRequest request, CharSequence... headers) {
    AggregatedHttpResponse whole = whole(headers);
    long announced = request.headers().contentLength();
    if (announced <= 0 || announced > AWAITED_BYTES) {
      return whole.toHttpResponse();
    }
    ctx.setMaxRequestLength(AWAITED_BYTES);
    return HttpResponse.of(request.aggregate().handle((body, failure) -> whole.toHttpResponse()));
  }

  /** The same in one piece, for an event loop, which cannot wait for itself to put it together. */
  AggregatedHttpResponse whole(CharSequence... headers) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("title", status.reasonPhrase());
    body.put("status", status.code());
    body.put("detail", detail);
    if (!hint.isEmpty()) {
      body.put("hint", hint);
    }
    ResponseHeadersBuilder built =
        ResponseHeaders.builder(status)
            .contentType(TYPE)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-store");
    if (status.equals(HttpStatus.SERVICE_UNAVAILABLE)) {
      built.set(HttpHeaderNames.RETRY_AFTER, RETRY_SECONDS);
    }
    for (int i = 0; i < headers.length; i += 2) {
      built.set(headers[i], headers[i + 1].toString());
    }
    return AggregatedHttpResponse.of(built.build(), HttpData.ofUtf8(body.toString()));
  }
}
