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
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running compositing server: engine or inference servers, services, port, metrics, traces.
 *
 * <p>Owns all of them. Close drains first, as the inference server does.
 */
public final class CompositingRole implements Role {
  private static final Logger LOG = LoggerFactory.getLogger(CompositingRole.class);
  private static final Duration KEEP_CALLERS = Duration.ofMinutes(1);

  private final Opened opened = new Opened();
  private final Engine engine;
  private final CompositingParts parts;
  private final CompositingService streams;
  private final InferenceServer server;
  private final OptionalInt metricsPort;
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
      Tracing tracing = opened.keep(Tracing.of(config.tracing(), "lipstream-compositing"));
      MeteredEngine metered =
          MeteredEngine.start(
              computing, config.logging(), setting.base(), setting.catalogue(), opened);
      engine = metered.engine();
      parts =
          opened.keep(
              new CompositingParts(
                  setting.avatars(), engine, setting.catalogue(), settings(setting)));
      streams = opened.keep(new CompositingService(parts));
      BatchCompositing batches =
          opened.keep(new BatchCompositing(parts, config.capacity().maxModels()));
      bind(metered.registry());
      metricsPort = metered.openPort(config.metrics(), () -> !draining, opened);
      server =
          opened.keep(
              InferenceServer.start(
                  rpc.options(tracing), List.<BindableService>of(batches::definition, streams)));
      config.sessions().preload().forEach(parts::warmUp);
    } catch (RuntimeException e) {
      opened.close();
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
        setting.config().quality().settings(),
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
    return metricsPort;
  }

  @Override
  public void drain() {
    draining = true;
    LOG.info("draining: no new calls, running ones may finish");
    server.close();
    LOG.info("drained");
  }

  @Override
  public void close() {
    draining = true;
    opened.close();
    LOG.info("stopped");
  }
}
