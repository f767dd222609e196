package io.lipstream.app.config;

import java.util.List;

/**
 * How the page and its HTTP interface are reached.
 *
 * @param address where they listen
 * @param port 0 for any free one
 * @param allowedHosts names under which browsers may reach the server, besides localhost and plain
 *     addresses
 * @param allowedOrigins other sites whose pages may use the HTTP interface
 * @param workerCountPerGpu as for the inference server
 * @param drainSessionsSeconds how long a stopping server lets sessions go on
 * @param drainTimeoutSeconds how long a stopping server lets avatars finish what they say
 * @param livetalkingApi whether front ends of LiveTalking are served, without keys
 */
public record WebConfig(
    String address,
    int port,
    List<String> allowedHosts,
    List<String> allowedOrigins,
    int workerCountPerGpu,
    int drainSessionsSeconds,
    int drainTimeoutSeconds,
    boolean livetalkingApi) {
  static final WebConfig DEFAULT =
      new WebConfig("127.0.0.1", 8080, List.of(), List.of(), 0, 0, 10, false);

  public WebConfig {
    allowedHosts = List.copyOf(allowedHosts);
    allowedOrigins = List.copyOf(allowedOrigins);
    Check.that(!address.isBlank(), "server.address", "must name an address such as 0.0.0.0");
    Check.range("server.port", port, 0, 65_535);
    for (String host : allowedHosts) {
      Check.that(
          host.matches("[A-Za-z0-9.-]+"),
          "server.allowed_hosts",
          "must hold names without port such as avatar.example.org, not \"" + host + "\"");
    }
    for (String origin : allowedOrigins) {
      Check.that(
          origin.matches("https?://[^/]+"),
          "server.allowed_origins",
          "must hold origins such as https://example.org, not \"" + origin + "\"");
    }
    Check.range("server.worker_count_per_gpu", workerCountPerGpu, 0, 256);
    Check.range("server.drain_sessions_seconds", drainSessionsSeconds, 0, 86_400);
    Check.range("server.drain_timeout_seconds", drainTimeoutSeconds, 0, 3600);
  }

  /** The same on another port. */
  public WebConfig withPort(int other) {
    return new WebConfig(
        address,
        other,
        allowedHosts,
        allowedOrigins,
        workerCountPerGpu,
        drainSessionsSeconds,
        drainTimeoutSeconds,
        livetalkingApi);
  }
}
