package io.lipstream.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.inference.engine.EngineSettings.Capacity;
import io.lipstream.inference.engine.EngineSettings.Eviction;
import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class CatalogueTest {
  private static final Path DOUBLES = Engines.NETWORKS.resolve("doubles.onnx");

  @TempDir Path root;

  @TempDir Path outside;

  @Test
  void idsAreNamesOfPackagesFoldersAndFiles() throws IOException {
    Files.copy(DOUBLES, root.resolve("plain.onnx"));
    Files.copy(DOUBLES, Files.createDirectory(root.resolve("folder")).resolve("model.onnx"));
    Files.copy(DOUBLES, Files.createDirectory(root.resolve("face")).resolve("generator.onnx"));
    Files.createFile(Files.createDirectory(root.resolve("avatar")).resolve("avatar.yaml"));
    Files.createFile(root.resolve("zipped.zip"));
    Files.createDirectory(root.resolve("empty"));
    Files.createFile(root.resolve("readme.txt"));
    Files.copy(DOUBLES, root.resolve(".hidden.onnx"));
    Catalogue catalogue = Catalogue.below(root, Map.of());
    assertThat(catalogue.ids()).containsExactly("avatar", "face", "folder", "plain", "zipped");
    assertThat(catalogue.find("empty")).isEmpty();
    assertThat(catalogue.find("plain"))
        .contains(new ModelSource.Plain("plain", root.toRealPath().resolve("plain.onnx")));
    assertThat(catalogue.find("avatar"))
        .contains(new ModelSource.Packaged(root.toRealPath().resolve("avatar")));
  }

  @Test
  void avatarsAreModelsByTheirNames() throws Exception {
    Path avatars = Path.of("..", "avatars");
    try (LocalEngine engine = Engines.start(Engines.oneWorker(), avatars);
        FrameStream stream = Engines.open(engine, "tiny")) {
      assertThat(stream.shape().inputs().getFirst().shape()).endsWith(6L, 320L, 320L);
    }
  }

  @Test
  void linkOutOfTheFolderIsRefused() throws IOException {
    Files.copy(DOUBLES, outside.resolve("secret.onnx"));
    Files.createSymbolicLink(root.resolve("leak.onnx"), outside.resolve("secret.onnx"));
    Files.createDirectory(root.resolve("deep"));
    Files.createSymbolicLink(root.resolve("deep/model.onnx"), outside.resolve("secret.onnx"));
    Files.createSymbolicLink(root.resolve("folder"), outside);
    Files.copy(DOUBLES, outside.resolve("model.onnx"));
    try (LocalEngine engine = Engines.start(Engines.oneWorker(), root)) {
      for (String id : new String[] {"leak", "deep", "folder"}) {
        assertThatThrownBy(() -> engine.open(Engines.request(id)))
            .isInstanceOf(LipstreamException.class)
            .hasMessageContaining("lies outside the folder of models");
      }
    }
  }

  @Test
  void linkInsideTheFolderIsFollowed() throws IOException {
    Files.copy(DOUBLES, root.resolve("real.onnx"));
    Files.createSymbolicLink(root.resolve("alias.onnx"), Path.of("real.onnx"));
    try (LocalEngine engine = Engines.start(Engines.oneWorker(), root)) {
      Engines.open(engine, "alias").close();
    }
  }

  @Test
  void configuredPathsAreConfinedToo() throws IOException {
    Files.copy(DOUBLES, Files.createDirectory(root.resolve("a")).resolve("b.onnx"));
    Files.copy(DOUBLES, outside.resolve("c.onnx"));
    Catalogue catalogue = Catalogue.below(root, Map.of("named", Path.of("a/b.onnx")));
    assertThat(catalogue.ids()).containsExactly("named");
    assertThat(catalogue.contains("named")).isTrue();
    for (Path path : new Path[] {Path.of("../c.onnx"), outside.resolve("c.onnx")}) {
      assertThatThrownBy(() -> Catalogue.below(root, Map.of("named", path)))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("model named");
    }
    assertThatThrownBy(() -> Catalogue.below(root, Map.of("../x", Path.of("a/b.onnx"))))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("no model id");
  }

  @Test
  void fileOverTheLimitIsNotRead() throws IOException {
    Files.copy(DOUBLES, root.resolve("big.onnx"));
    EngineSettings settings =
        Engines.oneWorker()
            .withCapacity(new Capacity(10, Long.MAX_VALUE, Eviction.LRU, Duration.ZERO, 100));
    try (LocalEngine engine = Engines.start(settings, root)) {
      assertThatThrownBy(() -> engine.open(Engines.request("big")))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("is larger than");
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void pipeIsNoModel() throws Exception {
    assertThat(new ProcessBuilder("mkfifo", root.resolve("pipe.onnx").toString()).start().waitFor())
        .isZero();
    try (LocalEngine engine = Engines.start(Engines.oneWorker(), root)) {
      assertThatThrownBy(() -> engine.open(Engines.request("pipe")))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("is no regular file");
    }
  }

  @Test
  void missingFolderSaysSo() {
    assertThatThrownBy(() -> Catalogue.below(root.resolve("nowhere"), Map.of()))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("nowhere");
  }
}
