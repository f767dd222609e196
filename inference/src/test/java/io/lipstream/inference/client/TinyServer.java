package io.lipstream.inference.client;

import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.inference.server.BatchService;
import io.lipstream.inference.server.InferenceServer;
import io.lipstream.inference.server.LipsyncService;
import io.lipstream.media.LipstreamException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** An inference server of the tiny avatar, like a process of its own, but for the process. */
final class TinyServer {
  static final Path TINY = Path.of("..", "avatars", "tiny");
  static final String MODEL = "generator";
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final LocalEngine engine =
      LocalEngine.start(
          EngineSettings.cpu(),
          Catalogue.below(TINY.resolve("models"), Map.of()),
          EngineEvents.NONE,
          System::nanoTime);
  private final LipsyncService service =
      new LipsyncService(
          engine, LipsyncService.Settings.of("test").withVisualsBytes(64 << 20), System::nanoTime);
  private final InferenceServer grpc;

  TinyServer(int port) {
    grpc = listen(port);
  }

  /** A port that was given up may be some other connection's for a moment. */
  private InferenceServer listen(int port) {
    for (long start = System.nanoTime(); ; ) {
      try {
        return InferenceServer.start(
            InferenceServer.Options.loopback().withPort(port),
            List.of(new BatchService(engine, 10, "test"), service));
      } catch (LipstreamException e) {
        if (port == 0 || System.nanoTime() - start > PATIENCE.toNanos()) {
          throw e;
        }
        LockSupport.parkNanos(10_000_000);
      }
    }
  }

  int streams() {
    return engine.models().find(MODEL).orElseThrow().streams();
  }

  boolean isLoaded() {
    return engine.models().find(MODEL).orElseThrow().device().isPresent();
  }

  int port() {
    return grpc.port();
  }

  InferenceTarget target() {
    return InferenceTarget.parse("127.0.0.1:" + port());
  }

  /** Cuts everything off, as a crash does. */
  void kill() {
    grpc.abort();
    service.close();
    engine.close();
  }
}
