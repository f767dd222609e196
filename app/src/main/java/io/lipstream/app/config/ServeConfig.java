package io.lipstream.app.config;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * All that {@code lipstream serve} can be told; config/serve.yaml holds every key with its default
 * and reason. What computes is said as for the inference server.
 *
 * @param voice turns text into speech
 * @param recognizer turns the user's speech into text
 */
public record ServeConfig(
    WebConfig server,
    TlsConfig tls,
    ApiConfig api,
    LiveConfig live,
    LiveAudioConfig liveAudio,
    RecordingsConfig recordings,
    WebhooksConfig webhooks,
    AvatarsConfig avatars,
    VoiceConfig voice,
    LanguageModelConfig languageModel,
    RecognizerConfig recognizer,
    TurnTakingConfig turnTaking,
    WebRtcConfig webrtc,
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
  public static final ServeConfig DEFAULT =
      new ServeConfig(
          WebConfig.DEFAULT,
          TlsConfig.DEFAULT,
          ApiConfig.DEFAULT,
          LiveConfig.DEFAULT,
          LiveAudioConfig.DEFAULT,
          RecordingsConfig.DEFAULT,
          WebhooksConfig.DEFAULT,
          AvatarsConfig.DEFAULT,
          VoiceConfig.DEFAULT,
          LanguageModelConfig.DEFAULT,
          RecognizerConfig.DEFAULT,
          TurnTakingConfig.DEFAULT,
          WebRtcConfig.DEFAULT,
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

  public ServeConfig {
    models = Collections.unmodifiableMap(new TreeMap<>(models));
    Check.that(
        !metrics.enabled() || metrics.port() == 0 || metrics.port() != server.port(),
        "metrics.port",
        "is the server's own port " + server.port() + ": choose another");
    Check.that(
        !webrtc.tcp() || webrtc.port() == 0 || webrtc.port() != server.port(),
        "webrtc.port",
        "is the server's own port " + server.port() + ": choose another, or set webrtc.tcp: false");
    Check.that(
        capacity.visualsMemoryGb() == CapacityConfig.DEFAULT.visualsMemoryGb(),
        "capacity.visuals_memory_gb",
        "belongs to lipstream inference: sessions of this process read their avatars' own files");
    computing(engine, gpus, cpus, onnx, modelsRoot, models, capacity, batching, server);
  }

  /** What computes, as the inference server is told. */
  public InferenceConfig computing() {
    return computing(engine, gpus, cpus, onnx, modelsRoot, models, capacity, batching, server);
  }

  private static InferenceConfig computing(
      EngineConfig engine,
      GpusConfig gpus,
      CpusConfig cpus,
      OnnxConfig onnx,
      String modelsRoot,
      Map<String, ModelConfig> models,
      CapacityConfig capacity,
      BatchingConfig batching,
      WebConfig server) {
    InferenceConfig defaults = InferenceConfig.DEFAULT;
    return new InferenceConfig(
        defaults.server().withWorkerCountPerGpu(server.workerCountPerGpu()),
        defaults.tls(),
        defaults.auth(),
        engine,
        gpus,
        cpus,
        onnx,
        modelsRoot,
        models,
        capacity,
        batching,
        defaults.logging(),
        defaults.metrics(),
        defaults.tracing());
  }

  /** The same on another port of HTTP. */
  public ServeConfig withPort(int port) {
    return with(server.withPort(port), live);
  }

  /** The same with another avatar first. */
  public ServeConfig withAvatar(String avatar) {
    return with(server, live.withAvatar(avatar));
  }

  private ServeConfig with(WebConfig newServer, LiveConfig newLive) {
    return new ServeConfig(
        newServer,
        tls,
        api,
        newLive,
        liveAudio,
        recordings,
        webhooks,
        avatars,
        voice,
        languageModel,
        recognizer,
        turnTaking,
        webrtc,
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
}
