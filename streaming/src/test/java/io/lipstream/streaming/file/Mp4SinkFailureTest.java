package io.lipstream.streaming.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.picture.I420Frame;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.bytedeco.ffmpeg.global.avcodec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class Mp4SinkFailureTest {
  private static final int WIDTH_PX = 320;
  private static final int HEIGHT_PX = 180;
  private static final Mp4Format FORMAT =
      Mp4Format.of(
          WIDTH_PX, HEIGHT_PX, FrameRate.of(25), new PcmFormat(48_000, 1), VideoCodec.H264);

  @TempDir Path folder;

  private static void assertOutputFailure(Throwable failure, String message, String hint) {
    assertThat(failure).isInstanceOf(LipstreamException.class).hasMessageContaining(message);
    assertThat(((LipstreamException) failure).kind()).isEqualTo(LipstreamException.Kind.OUTPUT);
    assertThat(((LipstreamException) failure).hint()).contains(hint);
  }

  private static Throwable failureOfOpening(Path file) {
    return catchThrowableOfType(
        LipstreamException.class, () -> Mp4Sink.toFile(file, FORMAT).close());
  }

  /** Grain that no encoder can compress, until the sink gives up. */
  private static void playUntilFailure(Mp4Sink sink) {
    TestPictures pictures = new TestPictures(WIDTH_PX, HEIGHT_PX, 1);
    for (int i = 0; i < 2_000; i++) {
      sink.video(pictures.picture(i, 125, 110));
      sink.audio(new float[1920], 1920);
    }
    sink.finish();
  }

  @Test
  void missingFolderIsNamed() {
    Path file = folder.resolve("no/such/talk.mp4");
    assertOutputFailure(
        failureOfOpening(file), "there is no folder " + file.getParent(), "mkdir -p");
  }

  @Test
  void folderInPlaceOfAFileIsRefused() {
    assertOutputFailure(failureOfOpening(folder), "it is a folder", "name a file");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void deviceIsRefused() {
    assertOutputFailure(
        failureOfOpening(Path.of("/dev/full")), "not an ordinary file", "standard output");
  }

  @Test
  void folderWithoutWritePermissionIsNamed() throws IOException {
    Path locked = Files.createDirectory(folder.resolve("locked"));
    assumeTrue(locked.toFile().setWritable(false), "the file system has no permissions");
    try {
      assumeTrue(!Files.isWritable(locked), "running as root, who may write anywhere");
      assertOutputFailure(
          failureOfOpening(locked.resolve("talk.mp4")), "permission denied", "folder you may");
    } finally {
      assertThat(locked.toFile().setWritable(true)).isTrue();
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void placeWhereNoFileCanBeMadeIsNamed() {
    assertOutputFailure(
        failureOfOpening(Path.of("/proc/talk.mp4")), "cannot write /proc/talk.mp4", "");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void fullDeviceEndsAStreamWithItsReason() throws IOException {
    try (OutputStream full = Files.newOutputStream(Path.of("/dev/full"));
        Mp4Sink sink = Mp4Sink.toStream("the output", full, FORMAT)) {
      Throwable failure =
          catchThrowableOfType(LipstreamException.class, () -> playUntilFailure(sink));
      assertOutputFailure(failure, "cannot write the output: No space left", "free some space");
    }
  }

  /** The limit on file sizes stands in for a full disk: the same path through FFmpeg's writer. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void fullDiskRemovesTheUnfinishedFileAndKeepsTheTarget() throws Exception {
    Path file = Files.writeString(folder.resolve("talk.mp4"), "precious");
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Process child =
        new ProcessBuilder(
                "bash",
                "-c",
                "ulimit -f 300 && exec \"$0\" --enable-native-access=ALL-UNNAMED -XX:-UsePerfData"
                    + " -cp \"$1\" \"$2\" \"$3\"",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                classPath,
                FullDisk.class.getName(),
                file.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(child.waitFor()).as(output).isEqualTo(LipstreamException.Kind.OUTPUT.exitCode());
    assertThat(output).contains("cannot write " + file + ": File too large");
    assertThat(file).hasContent("precious");
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(file);
    }
  }

  /** Runs in a process of its own whose files may not grow beyond a limit. */
  static final class FullDisk {
    private FullDisk() {}

    public static void main(String[] arguments) {
      try (Mp4Sink sink = Mp4Sink.toFile(Path.of(arguments[0]), FORMAT)) {
        playUntilFailure(sink);
      } catch (LipstreamException e) {
        System.out.println(e.getMessage());
        Runtime.getRuntime().exit(e.kind().exitCode());
      }
    }
  }

  @Test
  void readerThatLeavesEndsTheStream() throws IOException {
    PipedInputStream reader = new PipedInputStream();
    try (PipedOutputStream stream = new PipedOutputStream(reader);
        Mp4Sink sink = Mp4Sink.toStream("the output", stream, FORMAT)) {
      reader.close();
      Throwable failure =
          catchThrowableOfType(LipstreamException.class, () -> playUntilFailure(sink));
      assertOutputFailure(failure, "cannot write the output: Pipe closed", "");
    }
  }

  @Test
  void closeDoesNotWaitForAReaderThatStoppedReading() throws Exception {
    PipedInputStream reader = new PipedInputStream();
    Mp4Sink[] sink = new Mp4Sink[1];
    PipedOutputStream stream = new PipedOutputStream(reader);
    sink[0] = Mp4Sink.toStream("the output", stream, FORMAT);
    Throwable[] seen = new Throwable[1];
    Thread writer =
        Thread.ofPlatform()
            .start(
                () ->
                    seen[0] =
                        catchThrowableOfType(
                            RuntimeException.class, () -> playUntilFailure(sink[0])));
    while (reader.available() == 0) {
      Thread.onSpinWait();
    }
    sink[0].close();
    reader.close();
    writer.join();
    assertThat(seen[0]).isInstanceOfAny(LipstreamException.class, CancellationException.class);
    stream.close();
  }

  @Test
  void missingX264SaysWhichNativesHaveIt() throws IOException {
    boolean present =
        FfmpegEncoders.list().stream().anyMatch(e -> e.name().equals("libx264") && e.present());
    assumeTrue(!present, "these natives have libx264");
    Mp4Format x264 =
        Mp4Format.of(
            WIDTH_PX, HEIGHT_PX, FrameRate.of(25), new PcmFormat(48_000, 1), VideoCodec.X264);
    assertThatThrownBy(() -> Mp4Sink.toFile(folder.resolve("talk.mp4"), x264).close())
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("libx264")
        .extracting(e -> ((LipstreamException) e).hint())
        .asString()
        .contains("-gpl");
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void pictureOfAnotherSizeIsAProgrammersError() {
    try (Mp4Sink sink = Mp4Sink.toFile(folder.resolve("talk.mp4"), FORMAT)) {
      assertThatThrownBy(() -> sink.video(new I420Frame(64, 48)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("64x48");
    }
  }

  @Test
  void requiredEncodersAreInTheShippedNatives() {
    assertThat(FfmpegEncoders.list())
        .filteredOn(FfmpegEncoders.Encoder::required)
        .allMatch(FfmpegEncoders.Encoder::present)
        .extracting(FfmpegEncoders.Encoder::name)
        .containsExactly("libopenh264", "aac", "libvpx", "libopus");
    assertThat(avcodec.avcodec_find_encoder_by_name("libopenh264")).isNotNull();
  }
}
