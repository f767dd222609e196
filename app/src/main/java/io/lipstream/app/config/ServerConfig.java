package io.lipstream.app.config;

/**
 * How the server is reached and how much it takes in.
 *
 * @param address where it listens
 * @param port 0 for any free one
 * @param workerCountPerGpu threads that call the network of one device; 0 for one on a GPU and a
 *     device's share of the cores on the CPU
 * @param queueSize frames of one session that may wait at once
 * @param maxConcurrentRequests calls and streams that may be open at once
 * @param drainTimeoutSeconds how long a stopping server lets running calls finish
 */
public record ServerConfig(
    String address,
    int port,
    int maxMessageSizeMb,
    int workerCountPerGpu,
    int queueSize,
    int maxConcurrentRequests,
    int drainTimeoutSeconds) {

  static final ServerConfig DEFAULT = new ServerConfig("127.0.0.1", 50_051, 128, 0, 64, 2000, 30);

  /** The compositing server's own. */
  static final ServerConfig COMPOSITING = DEFAULT.withPort(50_052);

  public ServerConfig {
    Check.that(!address.isBlank(), "server.address", "must name an address such as 0.0.0.0");
    Check.range("server.port", port, 0, 65_535);
    Check.range("server.max_message_size_mb", maxMessageSizeMb, 1, 2047);
    Check.range("server.worker_count_per_gpu", workerCountPerGpu, 0, 256);
    Check.range("server.queue_size", queueSize, 1, 65_536);
    Check.range("server.max_concurrent_requests", maxConcurrentRequests, 1, 1_000_000);
    Check.range("server.drain_timeout_seconds", drainTimeoutSeconds, 0, 3600);
  }

  ServerConfig withPort(int other) {
    return new ServerConfig(
        address,
        other,
        maxMessageSizeMb,
        workerCountPerGpu,
        queueSize,
        maxConcurrentRequests,
        drainTimeoutSeconds);
  }

  ServerConfig withWorkerCountPerGpu(int other) {
    return new ServerConfig(
        address,
        port,
        maxMessageSizeMb,
        other,
        queueSize,
        maxConcurrentRequests,
        drainTimeoutSeconds);
  }

  public int maxMessageBytes() {
    return maxMessageSizeMb << 20;
  }
}
