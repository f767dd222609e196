package io.lipstream.inference.engine;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.lipstream.inference.engine.DeviceStatus.GpuReading;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What NVIDIA's driver says of its GPUs, through its management library, called directly.
 *
 * <p>A GPU that is split (MIG) counts as its parts. They come in the driver's order, by their place
 * on the bus; CUDA uses the same with CUDA_DEVICE_ORDER=PCI_BUS_ID. Thread-safe.
 */
final class Nvml {
  private static final int SUCCESS = 0;
  private static final int NAME_BYTES = 96;
  private static final int UNKNOWN = -1;

  private final SymbolLookup library;

  private Nvml(SymbolLookup library) {
    this.library = library;
  }

  /** The GPUs of this machine; none where the driver or its library is not there. */
  static List<Gpu> gpus() {
    try {
      // Stays loaded for the life of the process.
      Nvml nvml = new Nvml(SymbolLookup.libraryLookup("libnvidia-ml.so.1", Arena.global()));
      return nvml.call("nvmlInit_v2") == SUCCESS ? nvml.find() : List.of();
    } catch (IllegalArgumentException e) {
      return List.of();
    }
  }

  private List<Gpu> find() {
    List<Gpu> found = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(JAVA_INT);
      if (call("nvmlDeviceGetCount_v2", count) != SUCCESS) {
        return List.of();
      }
      for (int i = 0; i < count.get(JAVA_INT, 0); i++) {
        MemorySegment handle = arena.allocate(ADDRESS);
        if (call("nvmlDeviceGetHandleByIndex_v2", i, handle) == SUCCESS) {
          found.addAll(partsOf(new Gpu(this, handle.get(ADDRESS, 0)), arena));
        }
      }
    }
    return List.copyOf(found);
  }

  /** The parts of a split GPU, or the whole. */
  private List<Gpu> partsOf(Gpu gpu, Arena arena) {
    MemorySegment most = arena.allocate(JAVA_INT);
    if (call("nvmlDeviceGetMaxMigDeviceCount", gpu.handle, most) != SUCCESS) {
      return List.of(gpu);
    }
    List<Gpu> parts = new ArrayList<>();
    for (int i = 0; i < most.get(JAVA_INT, 0); i++) {
      MemorySegment part = arena.allocate(ADDRESS);
      if (call("nvmlDeviceGetMigDeviceHandleByIndex", gpu.handle, i, part) == SUCCESS) {
        parts.add(new Gpu(this, part.get(ADDRESS, 0)));
      }
    }
    return parts.isEmpty() ? List.of(gpu) : parts;
  }

  /** One GPU, or one part of it. */
  static final class Gpu {
    private final Nvml nvml;
    private final MemorySegment handle;

    private Gpu(Nvml nvml, MemorySegment handle) {
      this.nvml = nvml;
      this.handle = handle;
    }

    /** Its present state; empty if the driver does not answer. */
    Optional<GpuReading> read() {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment name = arena.allocate(NAME_BYTES);
        // total, free, used
        MemorySegment memory = arena.allocate(MemoryLayout.sequenceLayout(3, JAVA_LONG));
        // GPU, memory; a part of a GPU has none
        MemorySegment utilization = arena.allocate(MemoryLayout.sequenceLayout(2, JAVA_INT));
        if (nvml.call("nvmlDeviceGetMemoryInfo", handle, memory) != SUCCESS) {
          return Optional.empty();
        }
        boolean named = nvml.call("nvmlDeviceGetName", handle, name, NAME_BYTES) == SUCCESS;
        boolean measured =
            nvml.call("nvmlDeviceGetUtilizationRates", handle, utilization) == SUCCESS;
        return Optional.of(
            new GpuReading(
                named ? name.getString(0) : "",
                measured ? utilization.get(JAVA_INT, 0) : UNKNOWN,
                memory.getAtIndex(JAVA_LONG, 2),
                memory.getAtIndex(JAVA_LONG, 0)));
      }
    }
  }

  /** Calls a function whose arguments are addresses and numbers, and which returns its status. */
  private int call(String function, Object... arguments) {
    Optional<MemorySegment> address = library.find(function);
    if (address.isEmpty()) {
      return UNKNOWN;
    }
    MemoryLayout[] layouts = new MemoryLayout[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      layouts[i] = arguments[i] instanceof Integer ? JAVA_INT : ADDRESS;
    }
    MethodHandle handle =
        Linker.nativeLinker()
            .downcallHandle(address.get(), FunctionDescriptor.of(JAVA_INT, layouts));
    try {
      return (int) handle.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new IllegalStateException(function + " failed", e);
    }
  }
}
