package io.lipstream.app.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.HttpService;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The document of the interface, OpenAPI 3.1; openapi.yaml is its source. */
final class ApiDocument {
  private static final MediaType JSON = MediaType.create("application", "openapi+json");
  private static final MediaType YAML = MediaType.create("application", "openapi+yaml");

  private final String source;
  private final JsonNode root;

  private ApiDocument(String source, JsonNode root) {
    this.source = source;
    this.root = root;
  }

  static ApiDocument read() {
    try (InputStream in = ApiDocument.class.getResourceAsStream("openapi.yaml")) {
      String source = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      return new ApiDocument(source, new YAMLMapper().readTree(source));
    } catch (IOException e) {
      throw new UncheckedIOException("openapi.yaml cannot be read", e);
    }
  }

  JsonNode root() {
    return root;
  }

  HttpService json() {
    return text(JSON, Json.write(root));
  }

  HttpService yaml() {
    return text(YAML, source);
  }

  private static HttpService text(MediaType type, String text) {
    HttpData content = HttpData.ofUtf8(text);
    ResponseHeaders headers =
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(type)
            .set(HttpHeaderNames.X_CONTENT_TYPE_OPTIONS, "nosniff")
            .build();
    return (ctx, req) -> HttpResponse.of(headers, content);
  }
}
