package io.lipstream.inference;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class TelemetryTest {

  /** The library's own report overflows its stack on a command line like this one. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void runtimeStartsUnderAVeryLongCommandLine() throws IOException, InterruptedException {
    String classPath = System.getProperty("java.class.path") + ":/nowhere/" + "x".repeat(60_000);
    ProcessBuilder program =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            classPath,
            PrintsVersion.class.getName());
    program.environment().remove("ORT_DISABLE_TELEMETRY");
    Process process = program.redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    assertThat(said.strip()).isEqualTo(OnnxRuntime.version());
  }

  /** A program of its own. */
  static final class PrintsVersion {
    private PrintsVersion() {}

    @SuppressWarnings("SystemOut")
    public static void main(String[] arguments) {
      System.out.println(OnnxRuntime.version());
    }
  }
}
