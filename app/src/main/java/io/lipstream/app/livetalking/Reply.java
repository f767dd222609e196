package io.lipstream.app.livetalking;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.util.Exceptions;
import io.lipstream.media.LipstreamException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replies as those front ends read them: {@code {code, msg, data}}, of status 200 even on errors.
 */
final class Reply {
  private static final Logger LOG = LoggerFactory.getLogger(Reply.class);

  private Reply() {}

  /** A request that cannot be done, and why. */
  static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refusal(String message) {
      super(message, null, false, false);
    }
  }

  static HttpResponse done() {
    return done(null);
  }

  static HttpResponse done(@Nullable JsonNode data) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("code", 0).put("msg", "ok");
    if (data != null) {
      body.set("data", data);
    }
    return of(body);
  }

  static HttpResponse of(JsonNode body) {
    return HttpResponse.of(
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(MediaType.JSON_UTF_8)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
            .build(),
        HttpData.ofUtf8(body.toString()));
  }

  static HttpResponse failed(Throwable failure) {
    String message =
        switch (Exceptions.peel(failure)) {
          case Refusal refusal -> String.valueOf(refusal.getMessage());
          case LipstreamException known -> known.getMessage() + ": " + known.hint();
          case Throwable other -> {
            LOG.error("a request failed", other);
            yield "an error inside Lipstream; the server's log tells more";
          }
        };
    return of(JsonNodeFactory.instance.objectNode().put("code", -1).put("msg", message));
  }
}
