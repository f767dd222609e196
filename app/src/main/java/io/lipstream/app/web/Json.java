package io.lipstream.app.web;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import java.util.Set;
import java.util.TreeSet;

/** Bodies in and out. */
final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /**
   * The request's body: an object that has no keys but these, each with a text.
   *
   * @throws Problem.Refusal for anything else
   */
  static ObjectNode texts(AggregatedHttpRequest request, Set<String> keys) {
    return object(request, keys, "");
  }

  /** The same with one more key, which holds an object, whatever is in it. */
  static ObjectNode object(AggregatedHttpRequest request, Set<String> texts, String inner) {
    Set<String> keys = new TreeSet<>(texts);
    if (!inner.isEmpty()) {
      keys.add(inner);
    }
    // A form of another site can send text/plain, not JSON.
    MediaType type = request.contentType();
    if (type == null || !type.isJson()) {
      throw new Problem.Refusal(
          HttpStatus.UNSUPPORTED_MEDIA_TYPE,
          "the body must be JSON, not " + type,
          "send Content-Type: application/json");
    }
    JsonNode body;
    try {
      body = MAPPER.readTree(request.contentUtf8());
    } catch (JacksonException e) {
      throw bad("the body is not valid JSON: " + e.getOriginalMessage(), keys);
    }
    if (!(body instanceof ObjectNode object)) {
      throw bad("the body is no JSON object", keys);
    }
    object
        .properties()
        .forEach(
            field -> {
              if (!keys.contains(field.getKey())) {
                throw bad("unknown key " + field.getKey(), keys);
              }
              boolean isInner = field.getKey().equals(inner);
              if (isInner ? !field.getValue().isObject() : !field.getValue().isTextual()) {
                throw bad(field.getKey() + " must be " + (isInner ? "an object" : "a text"), keys);
              }
            });
    return object;
  }

  private static Problem.Refusal bad(String detail, Set<String> keys) {
    return new Problem.Refusal(
        HttpStatus.BAD_REQUEST,
        detail,
        "send an object with " + String.join(", ", new TreeSet<>(keys)));
  }

  /**
   * An object as text.
   *
   * @throws IllegalArgumentException if it is none
   */
  static ObjectNode parse(String text) {
    try {
      if (MAPPER.readTree(text) instanceof ObjectNode object) {
        return object;
      }
    } catch (JacksonException e) {
      throw new IllegalArgumentException("not valid JSON: " + e.getOriginalMessage(), e);
    }
    throw new IllegalArgumentException("a text message must be a JSON object");
  }

  static HttpResponse response(HttpStatus status, JsonNode body, String... headers) {
    ResponseHeadersBuilder built =
        ResponseHeaders.builder(status)
            .contentType(MediaType.JSON)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-store");
    for (int i = 0; i < headers.length; i += 2) {
      built.add(headers[i], headers[i + 1]);
    }
    return HttpResponse.of(built.build(), HttpData.ofUtf8(write(body)));
  }

  static String write(JsonNode node) {
    try {
      return MAPPER.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of values cannot be written", e);
    }
  }
}
