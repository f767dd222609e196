package io.lipstream.app.config;

/**
 * The devices that compute where GPUs are off: shares of this machine's cores.
 *
 * @param count devices to divide the cores among
 * @param memoryGbPerCpu what the models of one device may take
 */
public record CpusConfig(int count, double memoryGbPerCpu) {
  static final CpusConfig DEFAULT = new CpusConfig(1, 4);

  public CpusConfig {
    Check.range("cpus.count", count, 1, 64);
    Check.range("cpus.memory_gb_per_cpu", memoryGbPerCpu, 0.001, 10_000);
  }
}
