package io.lipstream.inference.engine;

import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.Provider;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How an engine is set up.
 *
 * @param models what differs for single models, by id
 */
public record EngineSettings(
    Devices devices, Capacity capacity, Batching batching, Map<String, ModelSettings> models) {

  public EngineSettings {
    models = Map.copyOf(models);
  }

  /** One CPU device whose workers are the machine's cores. */
  public static EngineSettings cpu() {
    return new EngineSettings(Devices.cpu(), Capacity.DEFAULT, Batching.DEFAULT, Map.of());
  }

  /** What runs one network, of that id, as the options say. */
  public static EngineSettings of(String modelId, EngineOptions options) {
    int device = options.provider() == Provider.CPU ? 0 : options.deviceIndex();
    return new EngineSettings(
        new Devices(
            options.provider(),
            device + 1,
            Devices.cpu().memoryBytes(),
            Assignment.LEAST_LOADED,
            options.concurrentCalls(),
            options.intraOpThreads(),
            options.interOpThreads(),
            options.float16()),
        Capacity.DEFAULT,
        Batching.DEFAULT.withMaxFrames(options.maxBatch()),
        Map.of(modelId, new ModelSettings(false, device, Optional.empty(), Optional.empty())));
  }

  public EngineSettings withDevices(Devices newDevices) {
    return new EngineSettings(newDevices, capacity, batching, models);
  }

  public EngineSettings withCapacity(Capacity newCapacity) {
    return new EngineSettings(devices, newCapacity, batching, models);
  }

  public EngineSettings withBatching(Batching newBatching) {
    return new EngineSettings(devices, capacity, newBatching, models);
  }

  public EngineSettings withModels(Map<String, ModelSettings> newModels) {
    return new EngineSettings(devices, capacity, batching, newModels);
  }

  Batching batchingOf(String modelId) {
    ModelSettings own = models.get(modelId);
    return own == null ? batching : own.batching().orElse(batching);
  }

  /** Which device a model goes to. */
  public enum Assignment {
    ROUND_ROBIN,
    /** The one with the least load, and of equal ones the one with the most free memory. */
    LEAST_LOADED
  }

  /**
   * What computes.
   *
   * @param count devices; of the CPU, that many that share its cores
   * @param memoryBytes each device's budget, which models and their buffers never exceed for longer
   *     than it takes to measure a load
   * @param workersPerDevice threads that fill, run and read batches of one device
   * @param intraOpThreads threads inside one operator; 1 lets workers be the parallelism
   * @param float16 compute in half precision where the provider can (TensorRT)
   */
  public record Devices(
      Provider provider,
      int count,
      long memoryBytes,
      Assignment assignment,
      int workersPerDevice,
      int intraOpThreads,
      int interOpThreads,
      boolean float16) {
    public Devices {
      requirePositive("devices.count", count);
      requirePositive("devices.memoryBytes", memoryBytes);
      requirePositive("devices.workersPerDevice", workersPerDevice);
      requirePositive("devices.intraOpThreads", intraOpThreads);
      requirePositive("devices.interOpThreads", interOpThreads);
    }

    /** The CPU as one device of 8 GB, a worker for each core. */
    public static Devices cpu() {
      return new Devices(
          Provider.CPU,
          1,
          8L << 30,
          Assignment.LEAST_LOADED,
          Runtime.getRuntime().availableProcessors(),
          1,
          1,
          false);
    }

    public Devices withCount(int devices, long bytesEach) {
      return new Devices(
          provider,
          devices,
          bytesEach,
          assignment,
          workersPerDevice,
          intraOpThreads,
          interOpThreads,
          float16);
    }

    public Devices withAssignment(Assignment newAssignment) {
      return new Devices(
          provider,
          count,
          memoryBytes,
          newAssignment,
          workersPerDevice,
          intraOpThreads,
          interOpThreads,
          float16);
    }

    public Devices withWorkers(int workers, int newIntraOpThreads) {
      return new Devices(
          provider,
          count,
          memoryBytes,
          assignment,
          workers,
          newIntraOpThreads,
          interOpThreads,
          float16);
    }
  }

  /** Which model goes first when there is no room. */
  public enum Eviction {
    /** The one that was used longest ago. */
    LRU,
    /** The one that was opened least often. */
    LFU
  }

  /**
   * How much may be loaded, over all devices.
   *
   * @param idleTimeout after which an unused model is freed; zero for never
   * @param maxFileBytes larger network files are refused
   */
  public record Capacity(
      int maxModels, long maxBytes, Eviction eviction, Duration idleTimeout, long maxFileBytes) {
    public static final Capacity DEFAULT =
        new Capacity(10_000, Long.MAX_VALUE, Eviction.LRU, Duration.ZERO, 1L << 30);

    public Capacity {
      requirePositive("capacity.maxModels", maxModels);
      requirePositive("capacity.maxBytes", maxBytes);
      requirePositive("capacity.maxFileBytes", maxFileBytes);
      if (idleTimeout.isNegative()) {
        throw new IllegalArgumentException("capacity.idleTimeout is negative: " + idleTimeout);
      }
    }
  }

  /**
   * How frames of several streams are put together.
   *
   * @param maxFrames frames of one call
   * @param maxDelay how long a frame may wait for others where a larger batch is measurably cheaper
   *     and the device is busy; otherwise none waits
   * @param preferredFrames batch sizes to prefer, such as those of a TensorRT profile; empty for
   *     any
   */
  public record Batching(int maxFrames, Duration maxDelay, List<Integer> preferredFrames) {
    public static final Batching DEFAULT = new Batching(8, Duration.ofMillis(30), List.of());

    public Batching {
      requirePositive("batching.maxFrames", maxFrames);
      if (maxDelay.isNegative()) {
        throw new IllegalArgumentException("batching.maxDelay is negative: " + maxDelay);
      }
      preferredFrames = preferredFrames.stream().sorted().toList();
      for (int preferred : preferredFrames) {
        if (preferred < 1 || preferred > maxFrames) {
          throw new IllegalArgumentException(
              "batching.preferredFrames must be from 1 to " + maxFrames + ": " + preferred);
        }
      }
    }

    public Batching withMaxFrames(int frames) {
      return new Batching(frames, maxDelay, List.of());
    }
  }

  /**
   * What differs for one model.
   *
   * @param preload whether to load it at the start
   * @param preferredDevice its device, -1 for any
   * @param modelPath its file below the root, where that is not found by its id
   * @param batching its own, or empty for the engine's
   */
  public record ModelSettings(
      boolean preload, int preferredDevice, Optional<Path> modelPath, Optional<Batching> batching) {
    public static final ModelSettings DEFAULT =
        new ModelSettings(false, -1, Optional.empty(), Optional.empty());

    public ModelSettings {
      if (preferredDevice < -1) {
        throw new IllegalArgumentException(
            "preferredDevice must be -1 or more: " + preferredDevice);
      }
    }
  }

  private static void requirePositive(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1: " + value);
    }
  }
}
