package io.lipstream.app.server;

import io.lipstream.app.config.InferenceConfig;
import io.lipstream.app.config.LoggingConfig;
import io.lipstream.app.config.MetricsConfig;
import io.lipstream.app.log.EngineLog;
import io.lipstream.app.metrics.EngineMetrics;
import io.lipstream.app.metrics.MetricsPort;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.Engine;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;

/** An engine whose work is counted and logged, and the meters of its server. */
record MeteredEngine(Engine engine, PrometheusMeterRegistry registry) {

  /**
   * Starts both.
   *
   * @param logging the server's own, which what computes does not always know
   * @param base where relative paths of the configuration start
   * @param opened owns both
   */
  static MeteredEngine start(
      InferenceConfig computing,
      LoggingConfig logging,
      Path base,
      Catalogue catalogue,
      Opened opened) {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    opened.keep(registry::close);
    ProcessMeters.bind(registry, opened);
    EngineMetrics meters = new EngineMetrics(registry);
    EngineLog log = new EngineLog(logging.logInferenceTimes(), System::nanoTime);
    Engine engine = opened.keep(EngineChoice.start(computing, base, catalogue, meters.and(log)));
    meters.watch(engine.models());
    return new MeteredEngine(engine, registry);
  }

  /** Opens the port of the metrics, where they are on, and says which it is. */
  OptionalInt openPort(MetricsConfig config, BooleanSupplier ready, Opened opened) {
    return config.enabled()
        ? OptionalInt.of(opened.keep(new MetricsPort(config, registry, ready)).port())
        : OptionalInt.empty();
  }
}
