package io.lipstream.inference.oip;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.Networks;
import io.lipstream.inference.Networks.Patterns;
import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.ModelStatus;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.inference.lipsync.EngineGenerator;
import io.lipstream.media.avatar.GeneratorFamily;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server of another maker, as it comes from PyPI, as the device that draws the tiny avatar's
 * mouths.
 */
@Timeout(180)
abstract class OtherServerTest {
  @TempDir Path folder;
  private Process server;
  private Engine engine;

  /** Starts it with the tiny avatar's generator as model "tiny", its output in server.log. */
  abstract Process launch(Path folder, int grpcPort, int httpPort, int metricsPort)
      throws IOException;

  @BeforeEach
  void startServer() throws Exception {
    int port;
    int httpPort;
    int metricsPort;
    try (ServerSocket grpc = new ServerSocket(0);
        ServerSocket http = new ServerSocket(0);
        ServerSocket metrics = new ServerSocket(0)) {
      port = grpc.getLocalPort();
      httpPort = http.getLocalPort();
      metricsPort = metrics.getLocalPort();
    }
    server = launch(folder, port, httpPort, metricsPort);
    engine =
        new OipEngine(
            OipSettings.of("grpc://127.0.0.1:" + port).withModels(List.of("tiny")),
            EngineEvents.NONE,
            System::nanoTime);
    while (engine.models().find("tiny").map(ModelStatus::state).orElse(ModelStatus.State.UNLOADED)
        != ModelStatus.State.READY) {
      assertThat(server.isAlive()).as(this::log).isTrue();
      Thread.sleep(100);
    }
  }

  private String log() {
    try {
      return Files.readString(folder.resolve("server.log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  @AfterEach
  void stopServer() throws InterruptedException {
    if (engine != null) {
      engine.close();
    }
    if (server != null) {
      server.descendants().forEach(ProcessHandle::destroyForcibly);
      server.destroyForcibly().waitFor();
    }
  }

  @Test
  void drawsTheMouthsThatTheOwnEngineDraws() {
    int[] frames = {0, 1, 2, 3, 4, 5, 6, 7, 0, 3, 5, 7};
    float[] loudness = {0, 1, 2, 3, 0, 1, 2, 3, 0.5f, 1.5f, 2.5f, 3.5f};
    GeneratorSpec spec =
        GeneratorSpec.of("tiny", GeneratorFamily.SYNCTALK2D_328, Networks.tinyGenerator());
    byte[] drawn;
    try (EngineGenerator generator =
        new EngineGenerator(
            engine, "tiny", spec, new Patterns(), Priority.LIVE, 1, frames.length)) {
      drawn = Networks.generate(generator, frames, loudness);
    }
    byte[] own;
    try (EngineGenerator generator =
        Networks.open(Networks.tinyGenerator(), EngineOptions.cpu().withMaxBatch(frames.length))) {
      own = Networks.generate(generator, frames, loudness);
    }
    int largestDifference = 0;
    for (int i = 0; i < own.length; i++) {
      largestDifference =
          Math.max(largestDifference, Math.abs((drawn[i] & 0xff) - (own[i] & 0xff)));
    }
    assertThat(drawn).isNotEqualTo(new byte[drawn.length]);
    assertThat(largestDifference).as("grey levels").isLessThanOrEqualTo(1);
  }

  @Test
  void saysWhatModelsThereAre() {
    assertThat(engine.models().list())
        .singleElement()
        .satisfies(
            model -> {
              assertThat(model.id()).isEqualTo("tiny");
              assertThat(model.state()).isEqualTo(ModelStatus.State.READY);
            });
    assertThat(engine.open(request("nobody"))).isEqualTo(new Admission.Unknown("nobody"));
  }

  final Engine engine() {
    return engine;
  }

  final FrameStream open(String model) {
    Admission admission = engine.open(request(model));
    assertThat(admission).as(this::log).isInstanceOf(Admission.Admitted.class);
    return ((Admission.Admitted) admission).stream();
  }

  private static StreamRequest request(String model) {
    return new StreamRequest(model, "test", Priority.LIVE, 0, 16);
  }
}
