package io.lipstream.inference;

import static io.lipstream.inference.Networks.fixture;
import static io.lipstream.inference.Networks.open;
import static io.lipstream.inference.Networks.tinyGenerator;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lipstream.inference.lipsync.EngineGenerator;
import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NetworkFileTest {
  @TempDir private Path folder;

  @Test
  void missingFileIsNamed() {
    Path missing = folder.resolve("nowhere.onnx");
    assertThat(refusalOf(missing))
        .hasMessageContaining("is missing")
        .hasMessageContaining("nowhere.onnx");
  }

  @Test
  void folderEmptyFileAndLfsPointerAreToldApart() throws IOException {
    assertThat(refusalOf(folder)).hasMessageContaining("is a folder");
    assertThat(refusalOf(write("empty.onnx", new byte[0])))
        .hasMessageContaining("is an empty file");
    byte[] pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\n".getBytes(UTF_8);
    assertThat(refusalOf(write("pointer.onnx", pointer)).hint()).contains("git lfs pull");
  }

  @Test
  void textIsNoNetwork() throws IOException {
    Path text = write("text.onnx", "this is no network at all".getBytes(UTF_8));
    assertThat(refusalOf(text)).hasMessageContaining("is not an ONNX file");
  }

  @Test
  void fileCutShortAnywhereIsRefused() throws IOException {
    byte[] whole = Files.readAllBytes(tinyGenerator());
    for (int length = 1; length < whole.length; length += 97) {
      Path cut = write("cut.onnx", Arrays.copyOf(whole, length));
      assertThat(refusalOf(cut)).as("first %d bytes", length).isNotNull();
    }
  }

  @Test
  void damagedBytesNeverGiveAnythingButANamedFailure() throws IOException {
    long seed = 20261121;
    Random random = new Random(seed);
    byte[] whole = Files.readAllBytes(fixture("generator-external-data"));
    for (int round = 0; round < 200; round++) {
      byte[] damaged = whole.clone();
      for (int i = 0; i < 4; i++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
      }
      NetworkFile file = new NetworkFile("the generator of avatar test", tinyGenerator());
      try {
        file.facts(ByteBuffer.wrap(damaged));
      } catch (LipstreamException expected) {
        assertThat(expected)
            .as("seed %d round %d", seed, round)
            .hasMessageStartingWith("the generator of avatar test");
      }
    }
  }

  @Test
  void weightsInAnotherFileAreRefusedByName() {
    LipstreamException failure = refusalOf(fixture("generator-external-data"));
    assertThat(failure)
        .hasMessageContaining("keeps weights outside")
        .hasMessageContaining("brightness");
    assertThat(failure.hint()).contains("save_as_external_data=False");
  }

  @Test
  void fileBeyondTheLimitIsRefusedBeforeItIsReadWhole() throws IOException {
    NetworkFile file =
        new NetworkFile("the generator of avatar test", write("big.onnx", new byte[3 << 20]));
    try (Arena arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> file.read(arena, 2 << 20))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("is larger than 2 MiB");
      assertThat(file.read(arena, 3 << 20).remaining()).isEqualTo(3 << 20);
    }
  }

  @Test
  void networkInsideAnArchiveLoads() throws IOException {
    Path archive = folder.resolve("avatar.zip");
    try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
      Files.copy(tinyGenerator(), zip.getPath("generator.onnx"));
    }
    try (FileSystem zip = FileSystems.newFileSystem(archive);
        EngineGenerator generator = open(zip.getPath("generator.onnx"))) {
      assertThat(generator.roiPx()).isEqualTo(320);
    }
  }

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static LipstreamException refusalOf(Path file) {
    return catchThrowableOfType(LipstreamException.class, () -> open(file).close());
  }
}
