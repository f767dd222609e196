package io.lipstream.app.server;

import io.grpc.BindableService;
import io.lipstream.app.config.InferenceConfig;
import io.lipstream.app.log.EngineLog;
import io.lipstream.app.metrics.EngineMetrics;
import io.lipstream.app.metrics.MetricsPort;
import io.lipstream.app.tracing.Tracing;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.oip.OipService;
import io.lipstream.inference.server.BatchService;
import io.lipstream.inference.server.InferenceServer;
import io.lipstream.inference.server.LipsyncService;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarStore;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running inference server: engine, services, port, metrics, traces.
 *
 * <p>Owns all of them. Close drains first: health says NOT_SERVING, new calls are refused, running
 * ones may finish for as long as the configuration says, then everything is freed.
 */
public final class InferenceRole implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(InferenceRole.class);

  private static final Duration STALLED_AFTER = Duration.ofSeconds(30);

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Engine engine;
  private final InferenceServer server;
  private final @Nullable MetricsPort metrics;
  private volatile boolean draining;

  /**
   * What a server computes with.
   *
   * @param base where relative paths of the configuration start
   * @param catalogue its models, for the engine of this process
   * @param avatars whose pictures clients need not send
   * @param version Lipstream's own
   */
  public record Setting(
      InferenceConfig config,
      Path base,
      Catalogue catalogue,
      AvatarStore avatars,
      String version) {}

  private InferenceRole(Setting setting) {
    InferenceConfig config = setting.config();
    if (config.engine().kind().equals("grpc")) {
      throw new LipstreamException(
          LipstreamException.Kind.CONFIGURATION,
          "engine.kind: grpc is for lipstream serve and lipstream compositing: an inference server computes itself",
          "let clients ask " + config.engine().url() + ", or choose local or oip");
    }
    try {
      // The files first: they are the quickest to be wrong.
      Rpc rpc = Rpc.of(config, setting.base());
      Tracing tracing = keep(Tracing.of(config.tracing(), "lipstream-inference"));
      PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
      open.push(registry::close);
      ProcessMeters.bind(registry, this::keep);
      EngineMetrics meters = new EngineMetrics(registry);
      EngineLog log = new EngineLog(config.logging().logInferenceTimes(), System::nanoTime);
      engine =
          keep(EngineChoice.start(config, setting.base(), setting.catalogue(), meters.and(log)));
      meters.watch(engine.models());
      metrics =
          config.metrics().enabled()
              ? keep(new MetricsPort(config.metrics(), registry, () -> !draining))
              : null;
      server = keep(serve(setting, rpc.options(tracing)));
    } catch (RuntimeException e) {
      free();
      throw e;
    }
  }

  /**
   * Starts a server.
   *
   * @throws LipstreamException if a port is taken, a file is wrong or a device is not there
   */
  public static InferenceRole start(Setting setting) {
    return new InferenceRole(setting);
  }

  private <T extends AutoCloseable> T keep(T resource) {
    open.push(resource);
    return resource;
  }

  private InferenceServer serve(Setting setting, InferenceServer.Options options) {
    InferenceConfig config = setting.config();
    LipsyncService lipsync =
        keep(
            new LipsyncService(
                engine,
                new LipsyncService.Settings(
                    config.server().queueSize(),
                    STALLED_AFTER,
                    EngineChoice.bytes(config.capacity().visualsMemoryGb()),
                    Optional.of(setting.avatars()),
                    setting.version()),
                System::nanoTime));
    List<BindableService> services =
        List.of(
            new BatchService(engine, config.capacity().maxModels(), setting.version()),
            lipsync,
            new OipService(engine, setting.version(), () -> !draining, System::nanoTime));
    return InferenceServer.start(options, services);
  }

  public Engine engine() {
    return engine;
  }

  /** The port of gRPC. */
  public int port() {
    return server.port();
  }

  /** The port of the metrics, where they are on. */
  public OptionalInt metricsPort() {
    return metrics == null ? OptionalInt.empty() : OptionalInt.of(metrics.port());
  }

  /** Takes no new calls and waits for the running ones, as long as the configuration says. */
  public void drain() {
    draining = true;
    LOG.info("draining: no new calls, running ones may finish");
    server.close();
    LOG.info("drained");
  }

  @Override
  public void close() {
    draining = true;
    free();
    LOG.info("stopped");
  }

  /** Frees what was opened, the last first: the server before the engine it calls. */
  private void free() {
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        LOG.warn("while stopping", e);
      }
    }
  }
}
