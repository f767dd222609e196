package io.lipstream.inference.engine;

/**
 * What is known of one device at one moment.
 *
 * @param name such as cpu0 or cuda1
 * @param index from 0; the gpu_id of the published messages
 * @param utilization share of the workers' time spent computing during the last second, 0 to 1
 * @param queuedFrames frames that wait for it
 */
public record DeviceStatus(
    String name,
    int index,
    int workers,
    long budgetBytes,
    long usedBytes,
    int models,
    double utilization,
    int queuedFrames) {}
