package io.lipstream.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.compositing.PasteEdge;
import io.lipstream.inference.EngineOptions;
import io.lipstream.media.audio.AudioFile;
import io.lipstream.media.audio.PcmSource;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line as a user meets it, in this process, with the tiny avatar. */
final class CommandLineTest {
  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final String TINY = HOME.resolve("avatars/tiny").toString();

  @TempDir Path folder;

  private record Outcome(int exitCode, String out, String err) {}

  @BeforeAll
  static void useThisTree() {
    System.setProperty("lipstream.home", HOME.toString());
  }

  private static Outcome lipstream(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Lipstream.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
    return new Outcome(code, out.toString(), err.toString());
  }

  /** A second and a half: silence, a loud tone, silence. */
  private Path beep() throws IOException {
    int rateHz = 16_000;
    int samples = rateHz * 3 / 2;
    ByteBuffer data = ByteBuffer.allocate(44 + 2 * samples).order(ByteOrder.LITTLE_ENDIAN);
    data.put(ascii("RIFF")).putInt(36 + 2 * samples).put(ascii("WAVEfmt ")).putInt(16);
    data.putShort((short) 1).putShort((short) 1).putInt(rateHz).putInt(2 * rateHz);
    data.putShort((short) 2).putShort((short) 16).put(ascii("data")).putInt(2 * samples);
    for (int i = 0; i < samples; i++) {
      boolean loud = i > samples / 3 && i < samples * 2 / 3;
      data.putShort((short) (loud ? 12_000 * Math.sin(2 * Math.PI * 220 * i / rateHz) : 0));
    }
    Path file = folder.resolve("beep.wav");
    Files.write(file, data.array());
    return file;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private List<Path> filesIn(String name) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(name))) {
      return files.toList();
    }
  }

  private Path emptyOut() throws IOException {
    return Files.createDirectories(folder.resolve("out"));
  }

  @Test
  void rendersARecordingIntoAnMp4OfTheSameLength() throws IOException {
    Path out = emptyOut().resolve("beep.mp4");

    Outcome outcome =
        lipstream("render", "--audio", beep().toString(), "--avatar", TINY, "--out", "" + out);

    assertThat(outcome).isEqualTo(new Outcome(0, "", outcome.err()));
    assertThat(outcome.err()).contains("38 frames");
    assertThat(filesIn("out")).containsExactly(out);
    try (PcmSource sound = AudioFile.open(out)) {
      assertThat(sound.expectedFrames().orElseThrow() / (double) sound.format().sampleRateHz())
          .isBetween(1.45, 1.56);
    }
  }

  @Test
  void reportsFramesAndStagesAsJson() throws IOException {
    Outcome outcome =
        lipstream(
            "render",
            "--audio",
            beep().toString(),
            "--avatar",
            TINY,
            "--json",
            "--quiet",
            "--out",
            emptyOut().resolve("a.mp4").toString());

    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out()).contains("\"frames\":38", "generateMillis", "peakMemoryBytes");
  }

  @Test
  void drawsMouthsOnlyWhereThereIsSound() throws IOException {
    Outcome outcome =
        lipstream(
            "render",
            "--audio",
            beep().toString(),
            "--avatar",
            TINY,
            "--json",
            "--quiet",
            "--out",
            emptyOut().resolve("a.mp4").toString());

    int drawn = Integer.parseInt(outcome.out().replaceAll("(?s).*\"drawnFrames\":(\\d+).*", "$1"));
    // Half a second of tone, opened a little before and closed a little after.
    assertThat(drawn).isBetween(12, 22);
  }

  @Test
  void readsATextOut() throws IOException {
    Path out = emptyOut().resolve("hi.mp4");

    Outcome outcome =
        lipstream("render", "--text", "Hello there.", "--avatar", TINY, "-q", "--out", "" + out);

    assertThat(outcome).isEqualTo(new Outcome(0, "", ""));
    assertThat(Files.size(out)).isGreaterThan(5_000);
  }

  @Test
  void anotherFrameRateKeepsTheLength() throws IOException {
    Outcome outcome =
        lipstream(
            "render",
            "--audio",
            beep().toString(),
            "--avatar",
            TINY,
            "--fps",
            "50",
            "--json",
            "-q",
            "--out",
            emptyOut().resolve("a.mp4").toString());

    assertThat(outcome.out()).containsPattern("\"frames\":7[456],");
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing.wav", "empty.wav", "text.wav", "."})
  void namesASoundThatCannotBeRead(String name) throws IOException {
    Files.createFile(folder.resolve("empty.wav"));
    Files.writeString(folder.resolve("text.wav"), "this is no sound");

    Outcome outcome =
        lipstream(
            "render",
            "--audio",
            folder.resolve(name).toString(),
            "--avatar",
            TINY,
            "--out",
            emptyOut().resolve("a.mp4").toString());

    assertThat(outcome.exitCode()).isEqualTo(3);
    assertThat(outcome.err()).contains(folder.resolve(name).toString()).contains("hint:");
    assertThat(outcome.err()).doesNotContain("\tat ");
    assertThat(filesIn("out")).isEmpty();
  }

  @Test
  void refusesATextWithNothingToSay() throws IOException {
    Outcome outcome =
        lipstream(
            "render",
            "--text",
            "?! ...",
            "--avatar",
            TINY,
            "--out",
            emptyOut().resolve("a.mp4").toString());

    assertThat(outcome.exitCode()).isEqualTo(3);
    assertThat(outcome.err()).contains("nothing to say");
    assertThat(filesIn("out")).isEmpty();
  }

  @Test
  void namesTheNearestAvatar() throws IOException {
    Outcome outcome =
        lipstream(
            "render",
            "--text",
            "Hi.",
            "--avatar",
            "tinny",
            "--out",
            emptyOut().resolve("a.mp4").toString());

    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.err()).contains("tinny", "tiny");
  }

  @Test
  void refusesAFolderThatIsNotThere() {
    Outcome outcome =
        lipstream(
            "render",
            "--text",
            "Hi.",
            "--avatar",
            TINY,
            "--out",
            folder.resolve("nowhere/a.mp4").toString());

    assertThat(outcome.exitCode()).isEqualTo(5);
    assertThat(outcome.err()).contains("nowhere");
  }

  @Test
  void namesABrokenPackage() throws IOException {
    Path broken = Files.createDirectories(folder.resolve("broken"));
    Files.writeString(broken.resolve("avatar.yaml"), "schema: lipstream-avatar/1\nnam: x\n");

    Outcome outcome =
        lipstream(
            "render",
            "--text",
            "Hi.",
            "--avatar",
            broken.toString(),
            "--out",
            emptyOut().resolve("a.mp4").toString());

    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.err()).contains("broken", "nam");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "render --text a --audio b --out c",
        "render --out c",
        "render --text a --out b --fps 0",
        "render --text a --out - --json",
        "render --text a --out b --precision fp8",
        "render --text a --out b --background",
        "features --audio a",
        "rendr"
      })
  void answersAWrongCommandLineWithAHint(String line) {
    Outcome outcome = lipstream(line.split(" "));

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains("lipstream:", "--help");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "render",
        "avatars",
        "avatar",
        "avatar import",
        "avatar inspect",
        "features",
        "inference",
        "models",
        "models list",
        "models load",
        "models unload",
        "models stats",
        "models watch",
        "load",
        "doctor"
      })
  void explainsEverySubcommand(String command) {
    Outcome outcome = lipstream((command + " --help").strip().split(" "));

    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.out()).contains("Usage: lipstream " + command);
  }

  @Test
  void writesFeaturesAsNumPyArrays() throws IOException {
    Path mel = folder.resolve("m.npy");
    Path embeddings = folder.resolve("e.npy");

    Outcome outcome =
        lipstream(
            "features",
            "--audio",
            beep().toString(),
            "--avatar",
            TINY,
            "--mel",
            mel.toString(),
            "--embeddings",
            embeddings.toString());

    assertThat(outcome).isEqualTo(new Outcome(0, "", ""));
    // 24,000 samples are 121 rows; trunc(105 / 80 * 25) + 2 windows.
    assertThat(header(mel)).contains("'<f4'", "(121, 80)");
    assertThat(header(embeddings)).contains("'<f4'", "(34, 512)");
  }

  private static String header(Path npy) throws IOException {
    return new String(Files.readAllBytes(npy), 0, 128, StandardCharsets.ISO_8859_1);
  }

  @Test
  void listsAvatarsAndInspectsOne() throws IOException {
    assertThat(lipstream("avatars").out()).contains("tiny");

    Path sheet = folder.resolve("sheet.png");
    Outcome outcome = lipstream("avatar", "inspect", TINY, "--sheet", sheet.toString());

    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.out()).contains("frames", "320");
    assertThat(Files.size(sheet)).isGreaterThan(5_000);
  }

  @Test
  void showsTheAvatarBeforeAnotherBackground() throws IOException {
    Path sheet = folder.resolve("sheet.png");
    Outcome outcome =
        lipstream("avatar", "inspect", TINY, "--background", "lime", "--sheet", sheet.toString());

    assertThat(outcome.out())
        .contains("matte, frames rendered before background.png, shown before #00ff00");
    BufferedImage picture = ImageIO.read(sheet.toFile());
    int inTheFirstFramesCorner = picture.getRGB(20, 80);
    assertThat(new Color(inTheFirstFramesCorner)).isEqualTo(new Color(0, 255, 1));

    BackgroundOption white = new BackgroundOption();
    white.background = "white";
    try (RenderCast cast = new RenderCast(TINY, PasteEdge.FEATHERED, white, EngineOptions.cpu())) {
      assertThat(cast.cast().frames().frame(3).picture().data()[0] & 0xff).isEqualTo(235);
    }
  }

  @Test
  void rendersBeforeAnotherBackgroundAndInFp16() throws IOException {
    Path out = emptyOut().resolve("a.mp4");
    String[] command = {
      "render",
      "--audio",
      beep().toString(),
      "--avatar",
      TINY,
      "-q",
      "--out",
      "" + out,
      "--background",
      "#00b140",
      "--precision",
      "fp16"
    };
    assertThat(lipstream(command)).isEqualTo(new Outcome(0, "", ""));
    assertThat(filesIn("out")).containsExactly(out);
  }

  @Test
  void refusesBackgroundsAndPrecisionsThatCannotBe() throws IOException {
    Path bare = folder.resolve("bare");
    try (Stream<Path> files = Files.walk(Path.of(TINY))) {
      for (Path file : files.toList()) {
        Files.copy(file, bare.resolve(Path.of(TINY).relativize(file)));
      }
    }
    Path manifest = bare.resolve("avatar.yaml");
    Files.writeString(
        manifest,
        Files.readString(manifest)
            .replaceAll("(?m)^matte:.*\n", "")
            .replaceAll(", fp16: [^}]*", ""));
    String[] render = {
      "render",
      "--text",
      "Hi.",
      "--avatar",
      bare.toString(),
      "--out",
      "" + emptyOut().resolve("a.mp4")
    };

    Outcome outcome = lipstream(with(render, "--background", "white"));
    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.err()).contains("it has no matte", "hint: leave the background as it is");

    outcome = lipstream(with(render, "--background", "gren"));
    assertThat(outcome.exitCode()).isEqualTo(3);
    assertThat(outcome.err()).contains("the background gren", "did you mean green?");

    outcome = lipstream(with(render, "--precision", "fp16"));
    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.err()).contains("tiny has no generator in fp16", "generator.fp16");

    outcome = lipstream(with(render, "--precision", "int8"));
    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.err()).contains("tiny has no generator in int8", "generator.int8");

    assertThat(lipstream("avatar", "inspect", bare.toString(), "--sheet", folder + "/s.png").out())
        .contains("none: the background cannot be changed");
    assertThat(filesIn("out")).isEmpty();
  }

  private static String[] with(String[] command, String... more) {
    return Stream.concat(Arrays.stream(command), Arrays.stream(more)).toArray(String[]::new);
  }

  @Test
  void doctorFindsTheTestMachineFit() {
    Outcome outcome = lipstream("doctor");

    assertThat(outcome.out())
        .contains("ONNX Runtime", "cpu0", "libopenh264", "Everything needed is here");
    assertThat(outcome.exitCode()).isZero();
  }
}
