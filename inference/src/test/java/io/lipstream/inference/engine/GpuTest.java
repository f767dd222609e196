package io.lipstream.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lipstream.inference.OnnxRuntime;
import io.lipstream.inference.Provider;
import io.lipstream.inference.engine.EngineSettings.Assignment;
import io.lipstream.inference.engine.EngineSettings.Devices;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.media.LipstreamException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What needs an NVIDIA GPU, and what is said where there is none. */
class GpuTest {
  private static EngineSettings on(Provider provider) {
    return EngineSettings.cpu()
        .withDevices(new Devices(provider, 1, 4L << 30, Assignment.LEAST_LOADED, 2, 1, 1, true));
  }

  private static void requireProvider(String name) {
    List<String> providers = OnnxRuntime.providers();
    assumeTrue(
        providers.contains(name) && !Nvml.gpus().isEmpty(),
        () -> "SKIPPED: no GPU or no " + name + " here, only " + providers);
  }

  @Test
  @Tag("gpu")
  void cudaComputesWhatTheProcessorDoes() throws Exception {
    requireProvider("CUDAExecutionProvider");
    computesTheSame(Provider.CUDA);
  }

  @Test
  @Tag("gpu")
  void tensorRtComputesWhatTheProcessorDoes() throws Exception {
    requireProvider("TensorrtExecutionProvider");
    computesTheSame(Provider.TENSORRT);
  }

  private static void computesTheSame(Provider provider) throws Exception {
    try (LocalEngine engine = Engines.start(on(provider));
        FrameStream stream = Engines.open(engine, "doubles")) {
      Numbers frame = Numbers.of(3);
      Engines.submit(stream, frame);
      assertThat(frame.await()).isEqualTo(Outcome.COMPUTED);
      assertThat(frame.out).containsExactly(6, 6.5f, 7, 7.5f);
      DeviceStatus device = engine.models().devices().getFirst();
      assertThat(device.name()).isEqualTo("cuda0");
      assertThat(device.gpu())
          .hasValueSatisfying(gpu -> assertThat(gpu.memoryTotalBytes()).isPositive());
    }
  }

  @Test
  void askingForCudaWithoutItSaysSoAndTheEngineLives() {
    assumeTrue(!OnnxRuntime.providers().contains("CUDAExecutionProvider"));
    try (LocalEngine engine = Engines.start(on(Provider.CUDA))) {
      assertThatThrownBy(() -> engine.open(Engines.request("doubles")))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("computes on the CPU only");
      assertThat(engine.models().devices().getFirst().name()).isEqualTo("cuda0");
    }
  }

  @Test
  void machineWithoutTheDriverHasNoGpus() {
    assumeTrue(!Files.exists(Path.of("/proc/driver/nvidia")));
    assertThat(Nvml.gpus()).isEmpty();
  }
}
