package io.lipstream.app;

import io.lipstream.app.config.CompositingConfig;
import io.lipstream.app.config.ConfigFile;
import io.lipstream.app.config.InferenceConfig;
import io.lipstream.app.server.CompositingRole;
import io.lipstream.app.server.InferenceRole;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/** Compositing and inference servers of the avatars of this tree, on loopback. */
final class CompositingServers {
  static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  static final int RATE_HZ = 16_000;

  private CompositingServers() {}

  static CompositingRole compositing(Path folder, String more) throws IOException {
    System.setProperty("lipstream.home", HOME.toString());
    Path file = folder.resolve("compositing.yaml");
    Files.writeString(
        file,
        "server: {port: 0, drain_timeout_seconds: 2}\nmetrics: {port: 0}\n"
            + more
            + (more.contains("kind:") ? "" : "\nmodels_root: " + HOME.resolve("avatars") + "\n"));
    CompositingConfig config = ConfigFile.read(file, CompositingConfig.DEFAULT);
    return CompositingRole.start(
        new CompositingRole.Setting(
            config,
            folder,
            ModelCatalogue.of(config.computing(), folder),
            ModelCatalogue.avatars(config.computing(), folder),
            "test"));
  }

  /** An inference server in this process, which ends at once when it is closed. */
  static InferenceRole inference(Path folder, int port) throws IOException {
    return inference(folder, port, "");
  }

  static InferenceRole inference(Path folder, int port, String more) throws IOException {
    Path file = inferenceFile(folder, port);
    Files.writeString(file, more, StandardOpenOption.APPEND);
    InferenceConfig config = ConfigFile.read(file, InferenceConfig.DEFAULT);
    return InferenceRole.start(
        new InferenceRole.Setting(
            config,
            folder,
            ModelCatalogue.of(config, folder),
            ModelCatalogue.avatars(config, folder),
            "test"));
  }

  private static Path inferenceFile(Path folder, int port) throws IOException {
    Path file = folder.resolve("inference.yaml");
    return Files.writeString(
        file,
        "server: {port: "
            + port
            + ", drain_timeout_seconds: 0}\nmetrics: {enabled: false}\nmodels_root: "
            + HOME.resolve("avatars")
            + "\nmodels: {tiny: {preload: true}}\nlogging: {level: error}\n");
  }

  /** A process of its own; returns when it is ready. */
  static Process inferenceProcess(Path folder, int port) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process process =
        new ProcessBuilder(
                java,
                "-Dlipstream.home=" + HOME,
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                Optional.ofNullable(System.getProperty("surefire.test.class.path"))
                    .orElse(System.getProperty("java.class.path")),
                "io.lipstream.app.Lipstream",
                "inference",
                "--config",
                inferenceFile(folder, port).toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      BufferedReader out = process.inputReader();
      for (String line = out.readLine(); !"ready".equals(line); line = out.readLine()) {
        if (line == null) {
          throw new IOException("the inference server does not start");
        }
      }
      return process;
    } catch (IOException e) {
      process.destroyForcibly();
      throw new UncheckedIOException(e);
    }
  }

  static String at(InferenceRole role) {
    return "127.0.0.1:" + role.port();
  }

  static String fleetEngine(List<String> servers) {
    return "engine: {kind: grpc, url: \"" + String.join(",", servers) + "\"}\n";
  }

  /** Something loud that changes, so that the mouth is driven. */
  static float[] speech(double seconds) {
    return speech(seconds, RATE_HZ);
  }

  static float[] speech(double seconds, int rateHz) {
    float[] sound = new float[(int) (seconds * rateHz)];
    for (int i = 0; i < sound.length; i++) {
      int stretch = (int) ((long) i * 40 / rateHz);
      sound[i] = 0.4f * (float) Math.sin(2 * Math.PI * (180 + stretch % 80) * i / rateHz);
    }
    return sound;
  }

  static byte[] pcm(float[] sound) {
    byte[] bytes = new byte[2 * sound.length];
    for (int i = 0; i < sound.length; i++) {
      int value = Math.clamp(Math.round(sound[i] * 32_768), -32_768, 32_767);
      bytes[2 * i] = (byte) value;
      bytes[2 * i + 1] = (byte) (value >> 8);
    }
    return bytes;
  }

  /** The same as the other side hears it. */
  static float[] heard(byte[] pcm) {
    float[] sound = new float[pcm.length / 2];
    for (int i = 0; i < sound.length; i++) {
      sound[i] = (short) ((pcm[2 * i] & 0xff) | pcm[2 * i + 1] << 8) / 32_768f;
    }
    return sound;
  }
}
