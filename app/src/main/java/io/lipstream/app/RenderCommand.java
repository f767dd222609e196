package io.lipstream.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lipstream.app.render.Progress;
import io.lipstream.app.render.RenderPipeline;
import io.lipstream.app.render.RenderReport;
import io.lipstream.app.render.StageTimes.Stage;
import io.lipstream.compositing.PasteEdge;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.Precision;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.AudioFile;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.lipsync.MediaSink;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.streaming.file.FrameRate;
import io.lipstream.streaming.file.Mp4Format;
import io.lipstream.streaming.file.Mp4Sink;
import io.lipstream.streaming.file.VideoCodec;
import io.lipstream.streaming.file.WebpSink;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code lipstream render}: text or speech in, an mp4 out. */
@Command(
    name = "render",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = "Makes a video of an avatar saying a text or speaking a recording.",
    footer = {
      "",
      "Examples:",
      "  lipstream render --text \"Hello, I am Ada.\" --out hello.mp4",
      "  lipstream render --audio speech.mp3 --avatar ada --out speech.mp4",
      "  lipstream render --text Hello. --background greenscreen --out key.mp4",
      "  lipstream render --text Hello. --transparent --out over-my-page.webm",
      "  lipstream render --text Hello. --inference gpu1:50051 --out hello.mp4",
      "  lipstream render --text-file story.txt --out - | ffplay -"
    })
@SuppressWarnings("NullAway.Init") // picocli fills the options in
final class RenderCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What the avatar says: exactly one of these. */
  static final class Words {
    @Option(names = "--text", paramLabel = "TEXT", description = "What to say.")
    @Nullable String text;

    @Option(
        names = "--text-file",
        paramLabel = "FILE",
        description = "A UTF-8 text file to read out; - reads standard input.")
    @Nullable Path textFile;

    @Option(
        names = "--audio",
        paramLabel = "FILE",
        description = "A recording to speak: anything FFmpeg reads, at any rate.")
    @Nullable Path audio;
  }

  @Spec CommandSpec spec;

  @ArgGroup(exclusive = true, multiplicity = "1")
  Words words;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "FILE",
      description =
          "The mp4 to write, or a .webp: a small moving picture without sound for web pages;"
              + " a .webm with --transparent;"
              + " - writes to standard output.")
  String out;

  @Option(
      names = "--avatar",
      paramLabel = "NAME|PATH",
      defaultValue = "ada",
      description = "An avatar's name, its folder or its .zip (default: ${DEFAULT-VALUE}).")
  String avatar;

  @Mixin BackgroundOption background;

  @Option(
      names = "--transparent",
      description =
          "Cut the avatar out and write a .webm (VP9 with an alpha channel, Opus) that a page shows"
              + " over what is behind it; wants a matte.")
  boolean transparent;

  @Mixin VoiceOptions voice;

  @Option(
      names = "--fps",
      paramLabel = "N",
      description = "Frames a second of the video (default: the avatar's own).")
  @Nullable Integer fps;

  @Option(
      names = "--codec",
      paramLabel = "CODEC",
      defaultValue = "h264",
      description =
          "Video codec: h264 (OpenH264) or x264 (where FFmpeg's GPL build is installed)"
              + " (default: ${DEFAULT-VALUE}).")
  VideoCodec codec;

  @Option(
      names = "--paste",
      paramLabel = "MODE",
      defaultValue = "feathered",
      description =
          "How the mouth is put into the frame: feathered, or reference for the model family's"
              + " hard edge (default: ${DEFAULT-VALUE}).")
  PasteEdge paste;

  @Option(
      names = "--precision",
      paramLabel = "BITS",
      defaultValue = "auto",
      description =
          "Which of the avatar's generator files is run: fp32, fp16, int8, or auto for what the"
              + " device computes fastest: fp16 on a GPU, int8 on a processor, fp32 where there is"
              + " no such file (default: ${DEFAULT-VALUE}).")
  Precision precision;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that run the generator (default: one for each core).")
  @Nullable Integer threads;

  @Option(
      names = "--inference",
      paramLabel = "HOST:PORT",
      description = "Let an inference server draw (lipstream inference), not this process.")
  @Nullable String inference;

  @Option(
      names = "--inference-model",
      paramLabel = "ID",
      defaultValue = "",
      description = "The server's model (default: the one named like the avatar).")
  String inferenceModel;

  @Mixin ConnectionOptions connection;

  @Option(
      names = {"-q", "--quiet"},
      description = "No progress, nothing but errors.")
  boolean quiet;

  @Option(names = "--json", description = "Print a report as JSON on standard output at the end.")
  boolean json;

  @Override
  public Integer call() throws IOException {
    boolean toPipe = out.equals("-");
    if (json && toPipe) {
      throw new ParameterException(
          spec.commandLine(), "--json and --out - both want standard output: choose one");
    }
    if (fps != null && (fps < 1 || fps > 120)) {
      throw new ParameterException(spec.commandLine(), "--fps must be from 1 to 120, not " + fps);
    }
    requireTransparencyFits(toPipe);
    int workers = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    if (workers < 1 || workers > 256) {
      throw new ParameterException(
          spec.commandLine(), "--threads must be from 1 to 256, not " + workers);
    }
    Progress progress = Progress.onConsole(quiet, spec.commandLine().getErr());
    RenderReport report;
    try (Interruption interruption = new Interruption()) {
      report = render(workers, progress, interruption);
    } catch (CancellationException e) {
      progress.clear();
      spec.commandLine().getErr().println("lipstream: interrupted, nothing was written");
      return Lipstream.INTERRUPTED;
    } catch (RuntimeException e) {
      progress.clear();
      throw e;
    }
    progress.done(summary(report));
    if (json) {
      spec.commandLine().getOut().println(JSON.writeValueAsString(asJson(report)));
    }
    return CommandLine.ExitCode.OK;
  }

  private void requireTransparencyFits(boolean toPipe) {
    boolean webm = out.toLowerCase(Locale.ROOT).endsWith(".webm");
    if (transparent && !webm && !toPipe) {
      throw new ParameterException(
          spec.commandLine(), "--transparent writes a .webm, not " + out + ": name it so");
    }
    if (!transparent && (webm || codec.isTransparent())) {
      throw new ParameterException(
          spec.commandLine(),
          "a .webm of VP9 is what --transparent makes: add it, or name an .mp4");
    }
    if (transparent && background.background != null) {
      throw new ParameterException(
          spec.commandLine(), "--transparent leaves nothing behind the avatar: drop --background");
    }
    background.transparent = transparent;
  }

  private RenderReport render(int workers, Progress progress, Interruption interruption)
      throws IOException {
    // The voice comes first: it starts to speak while the avatar loads.
    try (@Nullable SpeechSynthesizer synthesizer = words.audio == null ? voice.open() : null;
        PcmSource source = openWords(synthesizer);
        RenderCast cast = openCast(workers);
        MediaSink sink = openSink(cast, source.format())) {
      RenderPipeline pipeline = new RenderPipeline(cast.cast(), outputFps(cast), workers, progress);
      interruption.stops(pipeline);
      RenderReport report = pipeline.run(source, sink);
      sink.finish();
      return report;
    }
  }

  private RenderCast openCast(int workers) {
    EngineOptions options =
        EngineOptions.cpu().withConcurrentCalls(workers).withPrecision(precision);
    // The class that knows gRPC is not touched unless it is needed.
    RenderCast.Mouths mouths =
        inference == null
            ? RenderCast.Mouths.HERE
            : new RemoteMouths(inference, inferenceModel, connection);
    return new RenderCast(avatar, paste, background, options, mouths);
  }

  private PcmSource openWords(@Nullable SpeechSynthesizer synthesizer) throws IOException {
    if (synthesizer == null) {
      return AudioFile.open(Objects.requireNonNull(words.audio));
    }
    String text =
        words.text != null ? words.text : readText(Objects.requireNonNull(words.textFile));
    return synthesizer.speak(text, voice.voice);
  }

  private MediaSink openSink(RenderCast cast, PcmFormat sound) {
    AvatarManifest.Frames size = cast.manifest().frames();
    FrameRate rate = FrameRate.of(outputFps(cast));
    if (out.toLowerCase(Locale.ROOT).endsWith(".webp")) {
      return WebpSink.toFile(Path.of(out), size.widthPx(), size.heightPx(), rate);
    }
    Mp4Format format =
        Mp4Format.of(
            size.widthPx(), size.heightPx(), rate, sound, transparent ? VideoCodec.VP9 : codec);
    if (!out.equals("-")) {
      return Mp4Sink.toFile(Path.of(out), format);
    }
    // Not System.out: a PrintStream keeps a full disk or a closed pipe to itself.
    return Mp4Sink.toStream("standard output", new FileOutputStream(FileDescriptor.out), format);
  }

  private static String readText(Path file) throws IOException {
    if (file.toString().equals("-")) {
      return new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    }
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw unreadable(file, "there is no such file", e);
    } catch (MalformedInputException e) {
      throw unreadable(file, "it is not UTF-8 text", e);
    } catch (IOException e) {
      throw unreadable(file, e.toString(), e);
    }
  }

  private static LipstreamException unreadable(Path file, String reason, IOException cause) {
    return new LipstreamException(
        LipstreamException.Kind.INPUT,
        "the text file " + file + " cannot be read: " + reason,
        "--text-file wants a UTF-8 text file, --audio a recording",
        cause);
  }

  private int outputFps(RenderCast cast) {
    return fps == null ? cast.manifest().fps() : fps;
  }

  private String summary(RenderReport report) {
    return String.format(
        Locale.ROOT,
        "%s: %.1f s, %d frames in %.1f s, %.0f fps, %.1f times real time (%s)",
        out,
        report.soundSeconds(),
        report.frames(),
        report.wallSeconds(),
        report.framesPerSecond(),
        report.timesRealTime(),
        report.stages().perFrame(report.frames()));
  }

  private ObjectNode asJson(RenderReport report) {
    ObjectNode root = JSON.createObjectNode();
    root.put("out", out);
    root.put("avatar", avatar);
    root.put("frames", report.frames());
    root.put("drawnFrames", report.drawnFrames());
    root.put("soundSeconds", report.soundSeconds());
    root.put("wallSeconds", report.wallSeconds());
    root.put("framesPerSecond", report.framesPerSecond());
    root.put("timesRealTime", report.timesRealTime());
    root.put("peakMemoryBytes", ProcessMemory.peakBytes());
    ObjectNode stages = root.putObject("stages");
    for (Stage stage : Stage.values()) {
      stages.put(stage.name().toLowerCase(Locale.ROOT) + "Millis", report.stages().millis(stage));
    }
    return root;
  }
}
