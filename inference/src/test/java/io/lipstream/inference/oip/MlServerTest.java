package io.lipstream.inference.oip;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.inference.Networks;
import io.lipstream.inference.engine.ModelStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** MLServer, with a model of its own kind that ONNX Runtime computes. */
class MlServerTest extends OtherServerTest {
  @Override
  Process launch(Path folder, int grpcPort, int httpPort, int metricsPort) throws IOException {
    PythonTools.require();
    Files.writeString(
        folder.resolve("settings.json"),
        """
        {"host": "127.0.0.1", "grpc_port": %d, "http_port": %d, "metrics_port": %d,
         "parallel_workers": 0, "grpc_max_message_length": 134217728}
        """
            .formatted(grpcPort, httpPort, metricsPort));
    Path model = Files.createDirectory(folder.resolve("tiny"));
    Files.writeString(
        model.resolve("model-settings.json"),
        """
        {"name": "tiny", "implementation": "onnx_runtime.OnnxModel", "parameters": {"uri": "%s"}}
        """
            .formatted(Networks.tinyGenerator().toAbsolutePath()));
    return PythonTools.start(
        folder,
        folder.resolve("server.log"),
        PythonTools.program("mlserver"),
        List.of("start", folder.toString()));
  }

  @Test
  void unloadsAModelAndLoadsItAgainOnUse() {
    assertThat(engine().models().unload("tiny")).isTrue();
    assertThat(engine().models().find("tiny").orElseThrow().state())
        .isNotEqualTo(ModelStatus.State.READY);
    open("tiny").close();
    assertThat(engine().models().find("tiny").orElseThrow().state())
        .isEqualTo(ModelStatus.State.READY);
  }
}
