package io.lipstream.app.server;

import io.lipstream.app.config.BatchingConfig;
import io.lipstream.app.config.CapacityConfig;
import io.lipstream.app.config.CpusConfig;
import io.lipstream.app.config.EngineConfig;
import io.lipstream.app.config.GpusConfig;
import io.lipstream.app.config.InferenceConfig;
import io.lipstream.app.config.ModelConfig;
import io.lipstream.inference.Provider;
import io.lipstream.inference.client.FleetEngine;
import io.lipstream.inference.client.FleetSettings;
import io.lipstream.inference.client.InferenceTarget;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.EngineSettings.Assignment;
import io.lipstream.inference.engine.EngineSettings.Batching;
import io.lipstream.inference.engine.EngineSettings.Capacity;
import io.lipstream.inference.engine.EngineSettings.Devices;
import io.lipstream.inference.engine.EngineSettings.Eviction;
import io.lipstream.inference.engine.EngineSettings.ModelSettings;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.inference.oip.OipEngine;
import io.lipstream.inference.oip.OipSettings;
import io.netty.handler.ssl.SslContext;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What the configuration means for the engine of this process. */
final class EngineChoice {
  private static final double GB = 1L << 30;

  /** Calls of another server's protocol on their way at once, where nothing else is said. */
  private static final int OIP_CALLS = 4;

  private EngineChoice() {}

  /**
   * The engine that was chosen, on the devices of this machine or on other servers.
   *
   * @param base where relative paths of the configuration start
   */
  static Engine start(InferenceConfig config, Path base, Catalogue catalogue, EngineEvents events) {
    if (config.engine().kind().equals("grpc")) {
      return new FleetEngine(
          FleetSettings.of(targets(config.engine(), base))
              .withConnections(config.engine().connections()),
          events,
          System::nanoTime);
    }
    if (config.engine().kind().equals("oip")) {
      return new OipEngine(
          OipSettings.of(config.engine().url())
              .withModels(List.copyOf(config.models().keySet()))
              .withCalls(
                  config.server().workerCountPerGpu() == 0
                      ? OIP_CALLS
                      : config.server().workerCountPerGpu(),
                  config.batching().maxFrames()),
          events,
          System::nanoTime);
    }
    return LocalEngine.start(
        settings(config, Runtime.getRuntime().availableProcessors()),
        catalogue,
        events,
        System::nanoTime);
  }

  private static List<InferenceTarget> targets(EngineConfig engine, Path base) {
    String token = Rpc.token("engine", engine.token(), engine.tokenFile(), base);
    Optional<SslContext> tls = ServerTls.client(engine.tls(), engine.tlsCa(), base);
    return engine.urls().stream()
        .map(InferenceTarget::parse)
        .map(target -> target.withToken(token))
        .map(target -> tls.map(target::withTls).orElse(target))
        .toList();
  }

  /**
   * All settings.
   *
   * @param cores of this machine, which CPU devices share
   */
  static EngineSettings settings(InferenceConfig config, int cores) {
    Map<String, ModelSettings> models = new TreeMap<>();
    config.models().forEach((id, model) -> models.put(id, model(model)));
    return new EngineSettings(
        devices(config, cores), capacity(config), batching(config.batching()), models);
  }

  private static Devices devices(InferenceConfig config, int cores) {
    GpusConfig gpus = config.gpus();
    CpusConfig cpus = config.cpus();
    int intra = config.onnx().intraOpThreads();
    int asked = config.server().workerCountPerGpu();
    Assignment assignment =
        gpus.assignmentStrategy().equals("round-robin")
            ? Assignment.ROUND_ROBIN
            : Assignment.LEAST_LOADED;
    int own = gpus.enabled() ? 1 : Math.max(1, cores / cpus.count() / intra);
    return new Devices(
        provider(gpus),
        gpus.enabled() ? gpus.count() : cpus.count(),
        bytes(gpus.enabled() ? gpus.memoryGbPerGpu() : cpus.memoryGbPerCpu()),
        assignment,
        asked == 0 ? own : asked,
        intra,
        config.onnx().interOpThreads(),
        gpus.enabled() && gpus.float16());
  }

  private static Provider provider(GpusConfig gpus) {
    if (!gpus.enabled()) {
      return Provider.CPU;
    }
    return gpus.provider().equals("tensorrt") ? Provider.TENSORRT : Provider.CUDA;
  }

  private static Capacity capacity(InferenceConfig config) {
    CapacityConfig capacity = config.capacity();
    return new Capacity(
        capacity.maxModels(),
        capacity.maxMemoryGb() == 0 ? Long.MAX_VALUE : bytes(capacity.maxMemoryGb()),
        capacity.evictionPolicy().equals("lfu") ? Eviction.LFU : Eviction.LRU,
        Duration.ofMillis(Math.round(capacity.idleTimeoutMinutes() * 60_000)),
        (long) config.onnx().maxModelMb() << 20);
  }

  private static Batching batching(BatchingConfig batching) {
    return new Batching(
        batching.maxFrames(),
        Duration.ofNanos(Math.round(batching.maxDelayMs() * 1e6)),
        batching.preferredSizes());
  }

  private static ModelSettings model(ModelConfig model) {
    return new ModelSettings(
        model.preload(),
        model.preferredGpu(),
        model.modelPath().isEmpty() ? Optional.empty() : Optional.of(Path.of(model.modelPath())),
        Optional.of(batching(model.batching())));
  }

  static long bytes(double gb) {
    return Math.round(gb * GB);
  }
}
