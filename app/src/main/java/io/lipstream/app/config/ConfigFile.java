package io.lipstream.app.config;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.Spelling;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads a configuration file: what the file says is laid over the defaults, then bound to records.
 *
 * <p>No key is read and ignored: a key is honoured, or the file is refused with the line and the
 * reason.
 */
public final class ConfigFile<C extends Record> {

  private static final YAMLMapper MAPPER =
      YAMLMapper.builder(
              YAMLFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                  .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                  .build())
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .build();

  private final C defaults;
  private final String origin;
  private final String hint;
  private final Map<String, Integer> lines = new HashMap<>();

  private ConfigFile(C defaults, String origin) {
    this.defaults = defaults;
    this.origin = origin;
    hint = hint(defaults);
  }

  private static String hint(Record defaults) {
    String reference =
        switch (defaults) {
          case ServeConfig serve -> "serve";
          case CompositingConfig compositing -> "compositing";
          default -> "inference";
        };
    return "config/" + reference + ".yaml shows every key";
  }

  /**
   * Reads a file.
   *
   * @param defaults what holds where the file says nothing
   * @throws LipstreamException CONFIGURATION naming file, line, key and what to do
   */
  public static <C extends Record> C read(Path file, C defaults) {
    try {
      return parse(Files.readString(file), file.toString(), defaults);
    } catch (NoSuchFileException e) {
      throw refused("there is no configuration file " + file, hint(defaults), e);
    } catch (IOException e) {
      throw refused("the configuration file " + file + " cannot be read: " + e, hint(defaults), e);
    }
  }

  /** As read, of a text; the origin names it in messages. */
  static <C extends Record> C parse(String yaml, String origin, C defaults) {
    return new ConfigFile<>(defaults, origin).bind(yaml);
  }

  /** Everything in effect, defaults included and secrets masked, as YAML. */
  public static String print(Record config) {
    try {
      return MAPPER.writeValueAsString(config);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the configuration cannot be written", e);
    }
  }

  /** Every key there is, with its default as YAML; an id of the models is written as a star. */
  static Map<String, String> keys(Record config) {
    Map<String, String> found = new LinkedHashMap<>();
    collect("", MAPPER.valueToTree(config), found);
    found.remove("models");
    collect("models.*", MAPPER.valueToTree(ModelConfig.DEFAULT), found);
    return found;
  }

  private static void collect(String path, JsonNode node, Map<String, String> found) {
    if (node.isObject() && !node.isEmpty()) {
      node.properties().forEach(each -> collect(join(path, each.getKey()), each.getValue(), found));
    } else {
      found.put(path, node.toString());
    }
  }

  private C bind(String yaml) {
    try {
      noteLines(yaml);
      JsonNode said = MAPPER.readTree(yaml);
      ObjectNode whole = MAPPER.valueToTree(defaults);
      if (!isNothing(said)) {
        ObjectNode file = object("", said);
        JsonNode models = file.remove("models");
        overlay(whole, file, defaults.getClass(), "");
        // Last, because each starts from what the file says of all.
        if (models != null && !isNothing(models)) {
          overlayModels(whole, object("models", models), "models");
        }
      }
      @SuppressWarnings("unchecked") // the class of a record is exactly its own
      Class<C> type = (Class<C>) defaults.getClass();
      return MAPPER.treeToValue(whole, type);
    } catch (JsonProcessingException e) {
      throw explain(e);
    }
  }

  /** Where each key stands, which a tree of values does not tell. */
  private void noteLines(String yaml) throws JsonProcessingException {
    List<String> path = new ArrayList<>();
    try (JsonParser parser = MAPPER.getFactory().createParser(yaml)) {
      String name = "";
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        switch (token) {
          case FIELD_NAME -> {
            name = parser.currentName();
            lines.putIfAbsent(
                join(String.join(".", path), name), parser.currentTokenLocation().getLineNr());
          }
          case START_OBJECT, START_ARRAY -> {
            if (!name.isEmpty()) {
              path.add(name);
            }
            name = "";
          }
          case END_OBJECT, END_ARRAY -> {
            if (!path.isEmpty()) {
              path.removeLast();
            }
          }
          default -> {}
        }
      }
    } catch (JsonProcessingException e) {
      throw e;
    } catch (IOException e) {
      throw new IllegalStateException("reading a text in memory", e);
    }
  }

  private void overlay(ObjectNode target, ObjectNode said, Type type, String parent) {
    Map<String, Type> known = components(type);
    for (Map.Entry<String, JsonNode> field : said.properties()) {
      String key = field.getKey();
      String path = join(parent, key);
      @Nullable Type fieldType = known.get(key);
      if (fieldType == null) {
        throw unknown(path, key, parent, known);
      }
      JsonNode value = field.getValue();
      if (isNothing(value) && isRecord(fieldType)) {
        continue; // a heading whose keys are all commented out
      }
      if (isRecord(fieldType)) {
        overlay((ObjectNode) target.get(key), object(path, value), fieldType, path);
      } else {
        target.set(key, value);
      }
    }
  }

  private void overlayModels(ObjectNode whole, ObjectNode said, String parent) {
    ObjectNode target = (ObjectNode) whole.get("models");
    for (Map.Entry<String, JsonNode> model : said.properties()) {
      ObjectNode one = MAPPER.valueToTree(ModelConfig.DEFAULT);
      one.set("batching", whole.get("batching").deepCopy());
      String path = join(parent, model.getKey());
      if (!isNothing(model.getValue())) {
        overlay(one, object(path, model.getValue()), ModelConfig.class, path);
      }
      target.set(model.getKey(), one);
    }
  }

  private LipstreamException unknown(
      String path, String key, String parent, Map<String, Type> known) {
    return RefusedKeys.reason(path, defaults)
        .map(
            reason ->
                new LipstreamException(
                    LipstreamException.Kind.CONFIGURATION,
                    origin + at(path) + ": " + path + " " + reason,
                    "remove the key"))
        .orElseGet(
            () ->
                new LipstreamException(
                    LipstreamException.Kind.CONFIGURATION,
                    origin + at(path) + ": unknown key " + path,
                    Spelling.nearest(key, known.keySet())
                        .map(near -> "did you mean " + join(parent, near) + "?")
                        .orElse("known here: " + String.join(", ", known.keySet()))));
  }

  private ObjectNode object(String path, JsonNode node) {
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw new LipstreamException(
        LipstreamException.Kind.CONFIGURATION,
        origin
            + at(path)
            + ": "
            + (path.isEmpty() ? "the file" : path)
            + " must hold keys and values, not "
            + node,
        hint);
  }

  private LipstreamException explain(JsonProcessingException e) {
    if (e.getCause() instanceof InvalidValueException invalid) {
      String path = e instanceof JsonMappingException mapping ? path(mapping) : "";
      // A model's record does not know the model's name.
      boolean whole = invalid.key().contains(".");
      String key = whole ? invalid.key() : join(path, invalid.key());
      String prefix = whole || path.isEmpty() ? "" : path + ".";
      return refused(origin + at(key) + ": " + prefix + invalid.getMessage(), hint, e);
    }
    if (e instanceof JsonMappingException mapping && !path(mapping).isEmpty()) {
      String path = path(mapping);
      return refused(
          origin + at(path) + ": " + path + " does not hold what belongs there",
          "its default is "
              + keys(defaults).getOrDefault(path, "a value like those of its neighbours"),
          e);
    }
    return refused(
        origin + at(e) + ": not valid YAML: " + firstLine(e.getOriginalMessage()), hint, e);
  }

  private static LipstreamException refused(String message, String hint, Throwable cause) {
    return new LipstreamException(LipstreamException.Kind.CONFIGURATION, message, hint, cause);
  }

  private String at(String path) {
    @Nullable Integer line = lines.get(path);
    return line == null ? "" : ":" + line;
  }

  private static String at(JacksonException e) {
    return e.getLocation() == null || e.getLocation().getLineNr() < 1
        ? ""
        : ":" + e.getLocation().getLineNr();
  }

  private static Map<String, Type> components(Type type) {
    Map<String, Type> known = new LinkedHashMap<>();
    for (RecordComponent component : ((Class<?>) type).getRecordComponents()) {
      known.put(
          PropertyNamingStrategies.SnakeCaseStrategy.INSTANCE.translate(component.getName()),
          component.getGenericType());
    }
    return known;
  }

  private static boolean isNothing(JsonNode node) {
    return node.isNull() || node.isMissingNode() || (node.isTextual() && node.asText().isEmpty());
  }

  private static boolean isRecord(Type type) {
    return type instanceof Class<?> plain && plain.isRecord() && plain != Secret.class;
  }

  private static String path(JsonMappingException e) {
    return e.getPath().stream()
        .map(JsonMappingException.Reference::getFieldName)
        .filter(Objects::nonNull)
        .collect(Collectors.joining("."));
  }

  private static String join(String parent, String key) {
    return parent.isEmpty() ? key : parent + "." + key;
  }

  private static String firstLine(@Nullable String text) {
    return text == null ? "unreadable" : text.lines().findFirst().orElse("unreadable").strip();
  }
}
