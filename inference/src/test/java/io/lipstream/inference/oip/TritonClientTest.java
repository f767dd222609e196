package io.lipstream.inference.oip;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Triton's own Python client, as it comes from PyPI, on a Lipstream server. */
class TritonClientTest {
  private static final Path GENERATOR =
      Path.of("..", "avatars", "tiny", "models", "generator.onnx");

  @Test
  @Timeout(120)
  void findsEverythingThatItExpectsOfTriton(@TempDir Path models, @TempDir Path logs)
      throws Exception {
    PythonTools.require();
    Files.copy(GENERATOR, models.resolve("tiny.onnx"));
    Files.writeString(models.resolve("broken.onnx"), "this is no network");
    Path log = logs.resolve("client.log");
    try (LoopbackServer server = LoopbackServer.start(models, 0)) {
      Process client =
          PythonTools.start(
              logs,
              log,
              PythonTools.program("python"),
              List.of(
                  PythonTools.script("triton_client.py").toString(),
                  "127.0.0.1:" + server.server().port(),
                  "tiny",
                  GENERATOR.toAbsolutePath().toString()));
      try {
        int status = client.waitFor();
        assertThat(status).as(() -> read(log)).isZero();
        assertThat(read(log)).endsWith("all passed\n");
      } finally {
        client.destroyForcibly();
      }
    }
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
