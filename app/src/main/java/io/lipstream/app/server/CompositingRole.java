package io.lipstream.app.server;

import io.grpc.BindableService;
import io.lipstream.app.compositing.BatchCompositing;
import io.lipstream.app.compositing.CompositingParts;
import io.lipstream.app.compositing.CompositingService;
import io.lipstream.app.compositing.CompositingSettings;
import io.lipstream.app.config.CompositingConfig;
import io.lipstream.app.config.InferenceConfig;
import io.lipstream.app.config.OutputConfig;
import io.lipstream.app.config.SessionsConfig;
import io.lipstream.app.log.EngineLog;
import io.lipstream.app.metrics.EngineMetrics;
import io.lipstream.app.metrics.MetricsPort;
import io.lipstream.app.tracing.Tracing;
import io.lipstream.inference.client.FleetEngine;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.server.InferenceServer;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.streaming.still.StillFormat;
import io.lipstream.streaming.still.StillSettings;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running compositing server: engine or inference servers, services, port, metrics, traces.
 *
 * <p>Owns all of them. Close drains first, as the inference server does.
 */
public final class CompositingRole implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CompositingRole.class);
  private static final Duration KEEP_CALLERS = Duration.ofMinutes(1);

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Engine engine;
  private final CompositingParts parts;
  private final CompositingService streams;
  private final InferenceServer server;
  private final @Nullable MetricsPort metrics;
  private volatile boolean draining;

  /**
   * What a server works with.
   *
   * @param base where relative paths of the configuration start
   * @param catalogue the models of an engine of this process
   * @param avatars who can be shown
   * @param version Lipstream's own
   */
  public record Setting(
      CompositingConfig config,
      Path base,
      Catalogue catalogue,
      AvatarStore avatars,
      String version) {}

  private CompositingRole(Setting setting) {
    CompositingConfig config = setting.config();
    InferenceConfig computing = config.computing();
    try {
      // The files first: they are the quickest to be wrong.
      Rpc rpc = Rpc.of(computing, setting.base());
      Tracing tracing = keep(Tracing.of(config.tracing(), "lipstream-compositing"));
      PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
      open.push(registry::close);
      ProcessMeters.bind(registry, this::keep);
      EngineMetrics meters = new EngineMetrics(registry);
      EngineLog log = new EngineLog(config.logging().logInferenceTimes(), System::nanoTime);
      engine =
          keep(EngineChoice.start(computing, setting.base(), setting.catalogue(), meters.and(log)));
      meters.watch(engine.models());
      parts =
          keep(
              new CompositingParts(
                  setting.avatars(), engine, setting.catalogue(), settings(setting)));
      streams = keep(new CompositingService(parts));
      BatchCompositing batches = keep(new BatchCompositing(parts, config.capacity().maxModels()));
      bind(registry);
      metrics =
          config.metrics().enabled()
              ? keep(new MetricsPort(config.metrics(), registry, () -> !draining))
              : null;
      server =
          keep(
              InferenceServer.start(
                  rpc.options(tracing), List.<BindableService>of(batches::definition, streams)));
      config.sessions().preload().forEach(parts::warmUp);
    } catch (RuntimeException e) {
      free();
      throw e;
    }
  }

  private static CompositingSettings settings(Setting setting) {
    OutputConfig output = setting.config().output();
    SessionsConfig sessions = setting.config().sessions();
    StillFormat format = output.format().equals("png") ? StillFormat.PNG : StillFormat.JPEG;
    return new CompositingSettings(
        new StillSettings(format, output.quality()),
        output.bitrateKbps(),
        sessions.maxStreams(),
        Duration.ofSeconds(sessions.stalledSeconds()),
        Duration.ofSeconds(sessions.avatarTimeoutSeconds()),
        KEEP_CALLERS,
        setting.config().avatars().bounds(),
        setting.version());
  }

  private void bind(PrometheusMeterRegistry registry) {
    Gauge.builder("lipstream.compositing.streams", streams, CompositingService::openStreams)
        .description("Open streams")
        .register(registry);
    FunctionCounter.builder("lipstream.compositing.frames", parts, CompositingParts::framesSent)
        .description("Frames sent")
        .register(registry);
    FunctionCounter.builder(
            "lipstream.compositing.held.frames", parts, CompositingParts::framesHeld)
        .description("Frames sent with the pose held, because their mouth was late")
        .register(registry);
    Gauge.builder("video.quality.score", parts, CompositingParts::qualityScore)
        .description("Quality at which pictures are made; 100 is the best")
        .register(registry);
    if (engine instanceof FleetEngine fleet) {
      Gauge.builder("lipstream.inference.servers", fleet, FleetEngine::serversPresent)
          .description("Inference servers that answer")
          .register(registry);
    }
  }

  /**
   * Starts a server.
   *
   * @throws LipstreamException if a port is taken, a file is wrong or a device is not there
   */
  public static CompositingRole start(Setting setting) {
    return new CompositingRole(setting);
  }

  private <T extends AutoCloseable> T keep(T resource) {
    open.push(resource);
    return resource;
  }

  public Engine engine() {
    return engine;
  }

  /** Sessions that are open. */
  public int openStreams() {
    return streams.openStreams();
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
