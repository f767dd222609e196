package io.lipstream.app;

import io.lipstream.inference.OnnxRuntime;
import io.lipstream.inference.engine.DeviceStatus.GpuReading;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.media.Ffmpeg;
import io.lipstream.media.LipstreamException;
import io.lipstream.speech.recognition.PocketSphinxRecognizer;
import io.lipstream.streaming.file.FfmpegEncoders;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.bytedeco.ffmpeg.global.avutil;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code lipstream doctor}: says what this machine has, and what to do about what it lacks. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = "Says what this machine has, and what to do about what it lacks.",
    footer = {"", "Ends with exit code 6 if something needed is missing."})
final class DoctorCommand implements Callable<Integer> {
  private static final long GIB = 1L << 30;
  private static final long ENOUGH_MEMORY_BYTES = 2 * GIB;
  private static final long ENOUGH_DISK_BYTES = GIB;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli fills it in
  CommandSpec spec;

  private boolean healthy = true;

  @Override
  public Integer call() {
    fine("Lipstream", Lipstream.Version.number());
    fine(
        "Java",
        Runtime.version()
            + ", "
            + System.getProperty("java.vm.name")
            + ", "
            + System.getProperty("java.home"));
    fine(
        "System",
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + ", "
            + System.getProperty("os.arch"));
    int cores = Runtime.getRuntime().availableProcessors();
    judge(
        cores >= 2,
        "Cores",
        cores + (cores == 1 ? " core" : " cores"),
        "one core renders slower than real time; give this machine or container two");
    memory();
    disk();
    component("ONNX Runtime", () -> OnnxRuntime.version() + ", " + providers());
    devices(cores);
    component("FFmpeg", DoctorCommand::ffmpeg);
    if (healthy) {
      encoders();
    }
    component("Avatars", DoctorCommand::avatars);
    recognizer();
    spec.commandLine()
        .getOut()
        .println(healthy ? "\nEverything needed is here." : "\nSomething needed is missing.");
    return healthy ? CommandLine.ExitCode.OK : LipstreamException.Kind.ENVIRONMENT.exitCode();
  }

  private void memory() {
    long heap = Runtime.getRuntime().maxMemory();
    String text = String.format(Locale.ROOT, "%.1f GiB for Java", (double) heap / GIB);
    long machine = machineMemoryBytes();
    if (machine > 0) {
      text += String.format(Locale.ROOT, ", %.1f GiB in the machine", (double) machine / GIB);
    }
    judge(
        machine == 0 || machine >= ENOUGH_MEMORY_BYTES,
        "Memory",
        text,
        "a 720p avatar wants about 1 GiB; close other programs or render a smaller avatar");
  }

  private static long machineMemoryBytes() {
    return java.lang.management.ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : 0;
  }

  private void disk() {
    Path here = Path.of("").toAbsolutePath();
    try {
      FileStore store = Files.getFileStore(here);
      long free = store.getUsableSpace();
      judge(
          free >= ENOUGH_DISK_BYTES,
          "Disk",
          String.format(Locale.ROOT, "%.1f GiB free in %s", (double) free / GIB, here),
          "an hour of 720p video takes about 1.4 GiB; make room or write elsewhere");
    } catch (IOException e) {
      judge(false, "Disk", "cannot be read: " + e.getMessage(), "check " + here);
    }
  }

  private static String providers() {
    String names =
        String.join(
            ", ",
            OnnxRuntime.providers().stream()
                .map(name -> name.replace("ExecutionProvider", ""))
                .toList());
    return names.contains("CUDA") ? names : names + " (a GPU needs the gpu build: mvn -Pgpu)";
  }

  /** What an inference server or a render here would compute on. */
  private void devices(int cores) {
    fine("Device", "cpu0: " + cores + (cores == 1 ? " worker" : " workers"));
    List<GpuReading> gpus = LocalEngine.gpus();
    for (int i = 0; i < gpus.size(); i++) {
      GpuReading gpu = gpus.get(i);
      say(
          "-",
          "Device",
          String.format(
              Locale.ROOT,
              "gpu%d: %s, %.1f of %.1f GiB in use; gpus.enabled in the configuration of lipstream"
                  + " inference uses it, with the gpu build",
              i,
              gpu.name(),
              (double) gpu.memoryUsedBytes() / GIB,
              (double) gpu.memoryTotalBytes() / GIB));
    }
    if (gpus.isEmpty()) {
      say("-", "Device", "no NVIDIA GPU with a driver was found; the CPU does");
    }
  }

  private static String ffmpeg() {
    Ffmpeg.load();
    return avutil.av_version_info().getString() + ", " + avutil.avutil_license().getString();
  }

  private void encoders() {
    for (FfmpegEncoders.Encoder encoder : FfmpegEncoders.list()) {
      String text = encoder.name() + ": " + encoder.purpose();
      if (encoder.present()) {
        fine("Encoder", text);
      } else if (encoder.required()) {
        judge(false, "Encoder", text, "this FFmpeg build lacks it; use the one shipped");
      } else {
        say("-", "Encoder", text);
      }
    }
  }

  /** Not needed: who cannot speak to the avatar can type. */
  private void recognizer() {
    PocketSphinxRecognizer.obstacle()
        .ifPresentOrElse(
            obstacle -> {
              say("-", "Recogniser", obstacle.getMessage());
              say("", "", "-> " + obstacle.hint());
            },
            () -> fine("Recogniser", "PocketSphinx, American English, good for a demonstration"));
  }

  private static String avatars() {
    return String.join(", ", Avatars.store().list().stream().map(entry -> entry.name()).toList());
  }

  private void component(String name, Supplier<String> facts) {
    try {
      fine(name, facts.get());
    } catch (LipstreamException e) {
      judge(false, name, e.getMessage(), e.hint());
    }
  }

  private void fine(String name, String text) {
    say("ok", name, text);
  }

  private void judge(boolean good, String name, String text, String remedy) {
    say(good ? "ok" : "!!", name, text);
    if (!good) {
      healthy = false;
      say("", "", "-> " + remedy);
    }
  }

  private void say(String mark, String name, String text) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(String.format(Locale.ROOT, "%-2s  %-13s %s", mark, name, text));
  }
}
