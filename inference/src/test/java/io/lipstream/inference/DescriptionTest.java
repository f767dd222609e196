package io.lipstream.inference;

import static io.lipstream.inference.Networks.tinyFp16Generator;
import static io.lipstream.inference.Networks.tinyGenerator;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.lipstream.media.avatar.GeneratorFamily;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DescriptionTest {

  @Test
  void networkTellsItsTensorsItsMakerAndItsOperators() throws IOException {
    try (Network generator = describe(tinyGenerator())) {
      NetworkDescription network = generator.description();
      assertThat(network.inputs())
          .map(TensorDescription::toString)
          .containsExactly("visual float32 [N, 6, 320, 320]", "audio float32 [N, 32, 16, 16]");
      assertThat(network.outputs())
          .map(TensorDescription::toString)
          .containsExactly("mouth float32 [N, 3, 320, 320]");
      assertThat(network.producer()).isEqualTo("lipstream studio/tiny");
      assertThat(network.irVersion()).isEqualTo(8);
      assertThat(network.opsets()).containsExactly(entry("ai.onnx", 17L));
      assertThat(network.provider()).isEqualTo(Provider.CPU);
      assertThat(network.framesPerRun()).isEqualTo(4);
      assertThat(network.sizeBytes()).isEqualTo(Files.size(tinyGenerator()));
    }
  }

  @Test
  void halfPrecisionIsShown() {
    try (Network generator = describe(tinyFp16Generator())) {
      assertThat(generator.description().inputs().getFirst())
          .hasToString("visual float16 [N, 6, 320, 320]");
    }
  }

  @Test
  void runtimeTellsItsVersionAndProviders() {
    assertThat(OnnxRuntime.version()).matches("1\\.\\d+\\.\\d+");
    assertThat(OnnxRuntime.providers()).contains("CPUExecutionProvider");
  }

  @Test
  void defaultsAreTheMeasuredOnes() {
    EngineOptions options = EngineOptions.cpu();
    assertThat(options.provider()).isEqualTo(Provider.CPU);
    assertThat(options.intraOpThreads()).isEqualTo(1);
    assertThat(options.interOpThreads()).isEqualTo(1);
    assertThat(options.concurrentCalls()).isEqualTo(Runtime.getRuntime().availableProcessors());
    assertThat(options.maxBatch()).isEqualTo(4);
  }

  @Test
  void nonsenseOptionsAreRefusedByName() {
    assertThatThrownBy(() -> EngineOptions.cpu().withMaxBatch(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxBatch must be at least 1: 0");
    assertThatThrownBy(() -> EngineOptions.cpu().withProvider(Provider.CUDA, -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("deviceIndex");
  }

  private static Network describe(Path file) {
    return Network.open(
        GeneratorSpec.of("test", GeneratorFamily.SYNCTALK2D_328, file),
        NetworkFile.MAX_BYTES,
        EngineOptions.cpu());
  }
}
