package io.lipstream.app.config;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * All that {@code lipstream inference} can be told; config/inference.yaml holds every key with its
 * default and reason.
 *
 * @param modelsRoot the folder of the catalogue, relative to the file; empty for the avatars' own
 *     folders
 * @param models by id
 */
public record InferenceConfig(
    ServerConfig server,
    TlsConfig tls,
    AuthConfig auth,
    EngineConfig engine,
    GpusConfig gpus,
    CpusConfig cpus,
    OnnxConfig onnx,
    String modelsRoot,
    Map<String, ModelConfig> models,
    CapacityConfig capacity,
    BatchingConfig batching,
    LoggingConfig logging,
    MetricsConfig metrics,
    TracingConfig tracing) {

  /** What holds where the file says nothing. */
  public static final InferenceConfig DEFAULT =
      new InferenceConfig(
          ServerConfig.DEFAULT,
          TlsConfig.DEFAULT,
          AuthConfig.DEFAULT,
          EngineConfig.DEFAULT,
          GpusConfig.DEFAULT,
          CpusConfig.DEFAULT,
          OnnxConfig.DEFAULT,
          "",
          Map.of(),
          CapacityConfig.DEFAULT,
          BatchingConfig.DEFAULT,
          LoggingConfig.DEFAULT,
          MetricsConfig.DEFAULT,
          TracingConfig.DEFAULT);

  public InferenceConfig {
    models = Collections.unmodifiableMap(new TreeMap<>(models));
    Check.that(
        !metrics.enabled() || metrics.port() == 0 || metrics.port() != server.port(),
        "metrics.port",
        "is the server's own port " + server.port() + ": choose another");
    if (!engine.computesHere()) {
      requireDefault("gpus", gpus, GpusConfig.DEFAULT);
      requireDefault("cpus", cpus, CpusConfig.DEFAULT);
      requireDefault("onnx", onnx, OnnxConfig.DEFAULT);
      requireDefault("models_root", modelsRoot, "");
      requireDefault(
          "capacity",
          capacity,
          CapacityConfig.DEFAULT.withVisualsMemoryGb(capacity.visualsMemoryGb()));
      requireDefault(
          "batching",
          batching,
          new BatchingConfig(
              batching.maxFrames(),
              BatchingConfig.DEFAULT.preferredSizes(),
              BatchingConfig.DEFAULT.maxDelayMs()));
      models.forEach(
          (id, model) ->
              requireDefault("models." + id, model, ModelConfig.DEFAULT.withBatching(batching)));
    }
  }

  /** What the other server decides must not be asked of this one. */
  private static void requireDefault(String key, Object value, Object byDefault) {
    Check.that(
        value.equals(byDefault),
        key,
        "is for engine.kind: local; the other server decides about it: remove what is set there");
  }
}
