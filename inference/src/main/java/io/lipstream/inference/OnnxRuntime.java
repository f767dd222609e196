package io.lipstream.inference;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import ai.onnxruntime.providers.OrtTensorRTProviderOptions;
import io.lipstream.media.LipstreamException;
import java.nio.ByteBuffer;
import java.util.List;

/** The one ONNX Runtime of this process: its version, its providers, its sessions. */
public final class OnnxRuntime {
  private OnnxRuntime() {}

  /**
   * The library's version.
   *
   * @throws LipstreamException if the native library does not load on this machine
   */
  public static String version() {
    return environment().getVersion();
  }

  /**
   * Names of the execution providers that this build of ONNX Runtime has, such as
   * CPUExecutionProvider. That one is listed does not say that its driver is installed.
   *
   * @throws LipstreamException if the native library does not load on this machine
   */
  public static List<String> providers() {
    environment();
    return OrtEnvironment.getAvailableProviders().stream().map(OrtProvider::getName).toList();
  }

  static OrtEnvironment environment() {
    try {
      Telemetry.switchOff();
      return OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "lipstream");
    } catch (LinkageError | RuntimeException e) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "ONNX Runtime does not load on this machine: " + e,
          "It needs 64-bit Linux with glibc 2.28 or later, macOS or Windows; `lipstream doctor`"
              + " shows what was found",
          e);
    }
  }

  /**
   * Opens a network from memory, so that it can name no other file of this machine.
   *
   * @param model native memory, needed until the call returns
   */
  static OrtSession open(ByteBuffer model, EngineOptions options) throws OrtException {
    OrtEnvironment environment = environment();
    try (SessionOptions session = new SessionOptions()) {
      session.setIntraOpNumThreads(options.intraOpThreads());
      session.setInterOpNumThreads(options.interOpThreads());
      // Threads that spin between calls would take the cores that compositing and encoding need.
      session.addConfigEntry("session.intra_op.allow_spinning", "0");
      // Errors come as exceptions; the library would print each of them as well.
      session.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      switch (options.provider()) {
        case CPU -> {}
        case CUDA -> addCuda(session, options);
        case TENSORRT -> {
          addTensorRt(session, options);
          // Takes what TensorRT has no kernel for.
          addCuda(session, options);
        }
      }
      return environment.createSession(model, session);
    }
  }

  private static void addCuda(SessionOptions session, EngineOptions options) throws OrtException {
    requireBuilt(OrtProvider.CUDA);
    try (OrtCUDAProviderOptions cuda = new OrtCUDAProviderOptions(options.deviceIndex())) {
      if (options.memoryLimitBytes() > 0) {
        cuda.add("gpu_mem_limit", Long.toString(options.memoryLimitBytes()));
        // Doubling would reserve up to twice of what a network needs.
        cuda.add("arena_extend_strategy", "kSameAsRequested");
      }
      session.addCUDA(cuda);
    } catch (OrtException e) {
      throw unusable("CUDA", options, e);
    }
  }

  private static void addTensorRt(SessionOptions session, EngineOptions options)
      throws OrtException {
    requireBuilt(OrtProvider.TENSOR_RT);
    try (OrtTensorRTProviderOptions tensorRt =
        new OrtTensorRTProviderOptions(options.deviceIndex())) {
      tensorRt.add("trt_fp16_enable", options.float16() ? "1" : "0");
      if (options.memoryLimitBytes() > 0) {
        tensorRt.add("trt_max_workspace_size", Long.toString(options.memoryLimitBytes()));
      }
      session.addTensorrt(tensorRt);
    } catch (OrtException e) {
      throw unusable("TensorRT", options, e);
    }
  }

  private static void requireBuilt(OrtProvider provider) {
    if (!OrtEnvironment.getAvailableProviders().contains(provider)) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "this build computes on the CPU only, " + provider.getName() + " was asked for",
          "Build with `mvn -Pgpu`, or leave the provider at cpu");
    }
  }

  private static LipstreamException unusable(String name, EngineOptions options, OrtException e) {
    return new LipstreamException(
        LipstreamException.Kind.ENVIRONMENT,
        name + " device " + options.deviceIndex() + " cannot be used: " + e.getMessage(),
        "Check `nvidia-smi`, CUDA 12 and cuDNN 9, or set the provider to cpu",
        e);
  }
}
