package io.lipstream.inference.oip;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The Python environment with other makers' clients and servers, which ./check brings with
 * .ci/oip-tools.
 */
final class PythonTools {
  /** Set by ./check, which will not have these tests left out. */
  private static final String REQUIRED = "LIPSTREAM_CHECK";

  private static final Path BIN = Path.of("..", "target", "oip-tools", "bin").toAbsolutePath();
  private static final Path SCRIPTS = Path.of("src", "test", "python").toAbsolutePath();

  private PythonTools() {}

  /** Leaves a test out where the environment is not there, but under ./check. */
  static void require() {
    assumeTrue(
        Files.exists(BIN.resolve("python")) || System.getenv(REQUIRED) != null,
        "LEFT OUT: run .ci/oip-tools first; ./check does");
  }

  static Path script(String name) {
    return SCRIPTS.resolve(name);
  }

  static Path program(String name) {
    return BIN.resolve(name);
  }

  /** Starts a program, its output in a file. */
  static Process start(Path folder, Path log, Path program, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("PYTHONPATH", SCRIPTS.resolve("mlserver").toString());
    builder.environment().put("ORT_DISABLE_TELEMETRY", "1");
    return builder.start();
  }
}
