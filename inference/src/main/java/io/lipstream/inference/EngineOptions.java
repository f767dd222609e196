package io.lipstream.inference;

/**
 * How a network is run.
 *
 * @param provider what computes
 * @param deviceIndex which device of the provider, 0 for the first; ignored on the CPU
 * @param intraOpThreads threads inside one operator. 1 lets the callers' own threads be the
 *     parallelism, which is faster than sharing one call among cores
 * @param interOpThreads operators run side by side; these networks are chains, so 1
 * @param concurrentCalls calls that compute at once, each with its own buffers; further callers
 *     wait
 * @param maxBatch frames computed by one run of the network
 * @param precision which of an avatar's generator files is run
 * @param memoryLimitBytes the most a GPU provider may take for one network, 0 for no limit of its
 *     own; ignored on the CPU
 * @param float16 whether TensorRT may compute in half precision
 */
public record EngineOptions(
    Provider provider,
    int deviceIndex,
    int intraOpThreads,
    int interOpThreads,
    int concurrentCalls,
    int maxBatch,
    Precision precision,
    long memoryLimitBytes,
    boolean float16) {

  public EngineOptions {
    requirePositive("intraOpThreads", intraOpThreads);
    requirePositive("interOpThreads", interOpThreads);
    requirePositive("concurrentCalls", concurrentCalls);
    requirePositive("maxBatch", maxBatch);
    if (deviceIndex < 0) {
      throw new IllegalArgumentException("deviceIndex must not be negative: " + deviceIndex);
    }
  }

  /** The CPU, one call for each of its cores, in batches of 4. */
  public static EngineOptions cpu() {
    return new EngineOptions(
        Provider.CPU,
        0,
        1,
        1,
        Runtime.getRuntime().availableProcessors(),
        4,
        Precision.AUTO,
        0,
        false);
  }

  public EngineOptions withProvider(Provider newProvider, int newDeviceIndex) {
    return new EngineOptions(
        newProvider,
        newDeviceIndex,
        intraOpThreads,
        interOpThreads,
        concurrentCalls,
        maxBatch,
        precision,
        memoryLimitBytes,
        float16);
  }

  public EngineOptions withIntraOpThreads(int threads) {
    return new EngineOptions(
        provider,
        deviceIndex,
        threads,
        interOpThreads,
        concurrentCalls,
        maxBatch,
        precision,
        memoryLimitBytes,
        float16);
  }

  public EngineOptions withConcurrentCalls(int calls) {
    return new EngineOptions(
        provider,
        deviceIndex,
        intraOpThreads,
        interOpThreads,
        calls,
        maxBatch,
        precision,
        memoryLimitBytes,
        float16);
  }

  public EngineOptions withMaxBatch(int frames) {
    return new EngineOptions(
        provider,
        deviceIndex,
        intraOpThreads,
        interOpThreads,
        concurrentCalls,
        frames,
        precision,
        memoryLimitBytes,
        float16);
  }

  public EngineOptions withPrecision(Precision wanted) {
    return new EngineOptions(
        provider,
        deviceIndex,
        intraOpThreads,
        interOpThreads,
        concurrentCalls,
        maxBatch,
        wanted,
        memoryLimitBytes,
        float16);
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1: " + value);
    }
  }
}
