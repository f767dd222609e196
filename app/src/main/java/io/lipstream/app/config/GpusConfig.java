package io.lipstream.app.config;

import java.util.List;

/**
 * Which GPUs compute, and how models are spread over devices.
 *
 * @param count devices to use, from the first on; a MIG instance counts as one
 * @param memoryGbPerGpu what the models of one device may take
 * @param provider cuda or tensorrt
 * @param float16 whether TensorRT may compute in half precision
 * @param assignmentStrategy round-robin or least-loaded; for CPU devices too
 */
public record GpusConfig(
    boolean enabled,
    String provider,
    boolean float16,
    int count,
    double memoryGbPerGpu,
    String assignmentStrategy,
    boolean allowMultiGpuModels) {

  static final GpusConfig DEFAULT =
      new GpusConfig(false, "cuda", true, 1, 8, "least-loaded", false);

  public GpusConfig {
    Check.oneOf("gpus.provider", provider, List.of("cuda", "tensorrt"));
    Check.range("gpus.count", count, 1, 64);
    Check.range("gpus.memory_gb_per_gpu", memoryGbPerGpu, 0.001, 10_000);
    Check.oneOf(
        "gpus.assignment_strategy", assignmentStrategy, List.of("round-robin", "least-loaded"));
    Check.that(
        !allowMultiGpuModels,
        "gpus.allow_multi_gpu_models",
        "cannot be true: a model lives on one device, networks of this family need a hundredth of"
            + " one; remove the key or say false");
  }
}
