package io.lipstream.app.config;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * All that {@code lipstream compositing} can be told; config/compositing.yaml holds every key with
 * its default and reason. What computes is said as for the inference server.
 *
 * @param output how pictures are written
 * @param quality what is done when many speak
 */
public record CompositingConfig(
    ServerConfig server,
    TlsConfig tls,
    AuthConfig auth,
    SessionsConfig sessions,
    AvatarsConfig avatars,
    OutputConfig output,
    QualityConfig quality,
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
  public static final CompositingConfig DEFAULT =
      new CompositingConfig(
          ServerConfig.COMPOSITING,
          TlsConfig.DEFAULT,
          AuthConfig.DEFAULT,
          SessionsConfig.DEFAULT,
          AvatarsConfig.DEFAULT,
          OutputConfig.DEFAULT,
          QualityConfig.COMPOSITING,
          EngineConfig.DEFAULT,
          GpusConfig.DEFAULT,
          CpusConfig.DEFAULT,
          OnnxConfig.DEFAULT,
          "",
          Map.of(),
          CapacityConfig.DEFAULT,
          BatchingConfig.DEFAULT,
          LoggingConfig.DEFAULT,
          MetricsConfig.COMPOSITING,
          TracingConfig.DEFAULT);

  public CompositingConfig {
    models = Collections.unmodifiableMap(new TreeMap<>(models));
    Check.that(
        server.queueSize() == ServerConfig.COMPOSITING.queueSize(),
        "server.queue_size",
        "belongs to lipstream inference: a session here plans as many frames as it needs");
    Check.that(
        capacity.visualsMemoryGb() == CapacityConfig.DEFAULT.visualsMemoryGb(),
        "capacity.visuals_memory_gb",
        "belongs to lipstream inference: sessions of this process read their avatars' own files");
    Check.that(
        quality.headroomPercent() == 0,
        "quality.headroom_percent",
        "belongs to lipstream serve: sessions.max_streams bounds the streams here");
    Check.that(
        quality.levels().stream().allMatch(level -> level.pictureInterval() == 1),
        "quality.levels",
        "must have picture_interval: 1, because a stream is sent every picture");
    // Refuses what does not fit together.
    var _ =
        new InferenceConfig(
            server,
            tls,
            auth,
            engine,
            gpus,
            cpus,
            onnx,
            modelsRoot,
            models,
            capacity,
            batching,
            logging,
            metrics,
            tracing);
  }

  /** What computes, and how it is reached, as the inference server is told. */
  public InferenceConfig computing() {
    return new InferenceConfig(
        server,
        tls,
        auth,
        engine,
        gpus,
        cpus,
        onnx,
        modelsRoot,
        models,
        capacity,
        batching,
        logging,
        metrics,
        tracing);
  }

  /** The same on another port. */
  public CompositingConfig withPort(int port) {
    return with(server.withPort(port), engine);
  }

  /** The same with mouths from inference servers, host:port with commas between them. */
  public CompositingConfig withInference(String servers) {
    return with(server, EngineConfig.grpc(servers));
  }

  private CompositingConfig with(ServerConfig newServer, EngineConfig newEngine) {
    return new CompositingConfig(
        newServer,
        tls,
        auth,
        sessions,
        avatars,
        output,
        quality,
        newEngine,
        gpus,
        cpus,
        onnx,
        modelsRoot,
        models,
        capacity,
        batching,
        logging,
        metrics,
        tracing);
  }
}
