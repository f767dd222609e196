package io.lipstream.app.config;

import java.util.List;

/**
 * How many models stay loaded.
 *
 * @param maxMemoryGb what all models of all devices may take together; 0 for what the devices allow
 * @param evictionPolicy lru or lfu
 * @param visualsMemoryGb Java memory for the pictures that clients sent of their avatars
 * @param idleTimeoutMinutes after which a model that nobody uses is unloaded; 0 for never
 */
public record CapacityConfig(
    int maxModels,
    double maxMemoryGb,
    String evictionPolicy,
    double idleTimeoutMinutes,
    double visualsMemoryGb) {
  static final CapacityConfig DEFAULT = new CapacityConfig(10_000, 0, "lru", 30, 0.5);

  public CapacityConfig {
    Check.range("capacity.max_models", maxModels, 1, 1_000_000);
    Check.range("capacity.max_memory_gb", maxMemoryGb, 0, 100_000);
    Check.oneOf("capacity.eviction_policy", evictionPolicy, List.of("lru", "lfu"));
    Check.range("capacity.visuals_memory_gb", visualsMemoryGb, 0.01, 1000);
    Check.range("capacity.idle_timeout_minutes", idleTimeoutMinutes, 0, 1_000_000);
  }

  CapacityConfig withVisualsMemoryGb(double gb) {
    return new CapacityConfig(maxModels, maxMemoryGb, evictionPolicy, idleTimeoutMinutes, gb);
  }
}
