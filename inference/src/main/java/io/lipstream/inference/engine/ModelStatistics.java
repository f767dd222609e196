package io.lipstream.inference.engine;

/**
 * Counts since the engine started; they outlive unloading.
 *
 * @param frames frames computed
 * @param batches calls of the network they were computed in
 * @param late frames dropped because of their deadline
 * @param failed frames that failed
 * @param queueNanos time that computed frames waited, summed
 * @param serviceNanos time of the calls, summed
 * @param lastUsedNanos on the engine's clock, Long.MIN_VALUE if never
 */
public record ModelStatistics(
    long frames,
    long batches,
    long late,
    long failed,
    long loads,
    long evictions,
    long queueNanos,
    long serviceNanos,
    long lastUsedNanos) {}
