package io.lipstream.app.config;

/**
 * The HTTP port for machines that watch: /metrics, /healthz, /readyz.
 *
 * @param port 0 for any free one
 */
public record MetricsConfig(boolean enabled, String address, int port) {
  static final MetricsConfig DEFAULT = new MetricsConfig(true, "127.0.0.1", 9464);

  /** The compositing server's own. */
  static final MetricsConfig COMPOSITING = new MetricsConfig(true, "127.0.0.1", 9465);

  public MetricsConfig {
    Check.that(!address.isBlank(), "metrics.address", "must name an address such as 0.0.0.0");
    Check.range("metrics.port", port, 0, 65_535);
  }
}
