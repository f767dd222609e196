package io.lipstream.app.server;

import io.grpc.BindableService;
import io.lipstream.app.config.InferenceConfig;
import io.lipstream.app.tracing.Tracing;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.oip.OipService;
import io.lipstream.inference.server.BatchService;
import io.lipstream.inference.server.InferenceServer;
import io.lipstream.inference.server.LipsyncService;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running inference server: engine, services, port, metrics, traces.
 *
 * <p>Owns all of them. Close drains first: health says NOT_SERVING, new calls are refused, running
 * ones may finish for as long as the configuration says, then everything is freed.
 */
public final class InferenceRole implements Role {
  private static final Logger LOG = LoggerFactory.getLogger(InferenceRole.class);

  private static final Duration STALLED_AFTER = Duration.ofSeconds(30);

  private final Opened opened = new Opened();
  private final Engine engine;
  private final InferenceServer server;
  private final OptionalInt metricsPort;
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
      Tracing tracing = opened.keep(Tracing.of(config.tracing(), "lipstream-inference"));
      MeteredEngine metered =
          MeteredEngine.start(
              config, config.logging(), setting.base(), setting.catalogue(), opened);
      engine = metered.engine();
      metricsPort = metered.openPort(config.metrics(), () -> !draining, opened);
      server = opened.keep(serve(setting, rpc.options(tracing)));
    } catch (RuntimeException e) {
      opened.close();
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

  private InferenceServer serve(Setting setting, InferenceServer.Options options) {
    InferenceConfig config = setting.config();
    LipsyncService lipsync =
        opened.keep(
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
