package io.lipstream.media.avatar;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.lipstream.media.LipstreamException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads and writes {@code avatar.yaml}. */
final class ManifestFormat {
  private static final String HINT = "docs/avatars.md lists every key of avatar.yaml";
  private static final Pattern MISSING =
      Pattern.compile("Missing required creator property '(.+?)'");

  private static final YAMLMapper MAPPER =
      YAMLMapper.builder(
              YAMLFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                  .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(
                  JsonInclude.Include.NON_EMPTY, JsonInclude.Include.NON_EMPTY))
          .build();

  private ManifestFormat() {}

  /**
   * Reads a manifest.
   *
   * @param origin the file's name for messages
   * @throws LipstreamException AVATAR naming the key at fault
   */
  static AvatarManifest read(String yaml, String origin) {
    try {
      // Before anything else: a misspelt key would otherwise be told as a missing one.
      refuseUnknownKeys(MAPPER.readTree(yaml), AvatarManifest.class, "", origin);
      AvatarManifest manifest = MAPPER.readValue(yaml, AvatarManifest.class);
      if (manifest == null) {
        throw new LipstreamException(
            LipstreamException.Kind.AVATAR, origin + ": the file is empty", HINT);
      }
      return manifest;
    } catch (JsonProcessingException e) {
      throw new LipstreamException(
          LipstreamException.Kind.AVATAR, origin + ": " + reason(e) + at(e), HINT, e);
    }
  }

  private static void refuseUnknownKeys(
      JsonNode node, Class<?> type, String parent, String origin) {
    if (!type.isRecord() || !node.isObject()) {
      return;
    }
    Map<String, Class<?>> known = new TreeMap<>();
    for (RecordComponent component : type.getRecordComponents()) {
      known.put(component.getName(), component.getType());
    }
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      String key = field.getKey();
      Class<?> fieldType = known.get(key);
      if (fieldType == null) {
        throw new LipstreamException(
            LipstreamException.Kind.AVATAR,
            origin + ": unknown key " + parent + key,
            Spelling.nearest(key, known.keySet())
                .map(near -> "did you mean " + near + "?")
                .orElse("known keys here: " + String.join(", ", known.keySet())));
      }
      if (holdsNothing(field.getValue())) {
        throw new LipstreamException(
            LipstreamException.Kind.AVATAR,
            origin + ": key " + parent + key + " holds nothing",
            "give it a value or leave it out; a colour wants quotes (\"#ffffff\"), because # begins"
                + " a comment");
      }
      refuseUnknownKeys(field.getValue(), fieldType, parent + key + ".", origin);
    }
  }

  /** YAML reads a key without a value as an empty text where a text is wanted. */
  private static boolean holdsNothing(JsonNode value) {
    return value.isNull() || (value.isTextual() && value.asText().isEmpty());
  }

  /** A manifest that could be read, under another name; all else stays as it was written. */
  static String renamed(String yaml, String name) {
    try {
      ObjectNode manifest = (ObjectNode) MAPPER.readTree(yaml);
      return MAPPER.writeValueAsString(manifest.put("name", name));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no manifest", e);
    }
  }

  static String write(AvatarManifest manifest) {
    try {
      return MAPPER.writeValueAsString(manifest);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("manifest of " + manifest.name(), e);
    }
  }

  private static String reason(JsonProcessingException e) {
    if (e.getCause() instanceof IllegalArgumentException invalid) {
      return Objects.requireNonNull(invalid.getMessage());
    }
    Matcher missing = MISSING.matcher(e.getOriginalMessage());
    if (missing.find()) {
      String key = e instanceof JsonMappingException mapping ? path(mapping) : "";
      return "key " + (key.isEmpty() ? missing.group(1) : key) + " is missing";
    }
    if (e instanceof InvalidFormatException wrong && wrong.getTargetType().isEnum()) {
      return "key "
          + path(wrong)
          + " cannot be \""
          + wrong.getValue()
          + "\"; "
          + "it must be one of "
          + names(wrong.getTargetType());
    }
    if (e instanceof JsonMappingException mapping && !path(mapping).isEmpty()) {
      return "key " + path(mapping) + " does not hold what belongs there";
    }
    return "not valid YAML: " + firstLine(e.getOriginalMessage());
  }

  private static String names(Class<?> type) {
    return Arrays.stream(type.getEnumConstants())
        .map(constant -> MAPPER.convertValue(constant, String.class))
        .collect(Collectors.joining(", "));
  }

  private static String path(JsonMappingException e) {
    return e.getPath().stream()
        .map(JsonMappingException.Reference::getFieldName)
        .filter(Objects::nonNull)
        .collect(Collectors.joining("."));
  }

  private static String at(JacksonException e) {
    @Nullable JsonLocation location = e.getLocation();
    return location == null || location.getLineNr() < 1
        ? ""
        : " (line " + location.getLineNr() + ")";
  }

  private static String firstLine(@Nullable String text) {
    return text == null ? "unreadable" : text.lines().findFirst().orElse("unreadable").strip();
  }
}
