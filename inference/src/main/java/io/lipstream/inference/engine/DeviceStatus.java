package io.lipstream.inference.engine;

import java.util.Optional;

/**
 * What is known of one device at one moment.
 *
 * @param name such as cpu0 or cuda1
 * @param index from 0; the gpu_id of the published messages
 * @param utilization share of the workers' time spent computing during the last second, 0 to 1
 * @param queuedFrames frames that wait for it
 * @param gpu what the driver says of it; empty on a CPU or without NVML
 */
public record DeviceStatus(
    String name,
    int index,
    int workers,
    long budgetBytes,
    long usedBytes,
    int models,
    double utilization,
    int queuedFrames,
    Optional<GpuReading> gpu) {

  /**
   * A GPU, or a part of one (MIG), as its driver sees it, whoever uses it.
   *
   * @param utilizationPercent -1 where the driver does not tell, as of a part
   */
  public record GpuReading(
      String name, int utilizationPercent, long memoryUsedBytes, long memoryTotalBytes) {}
}
