package io.lipstream.inference.oip;

import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.inference.server.InferenceServer;
import io.lipstream.media.LipstreamException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** Lipstream's own server of the protocol over a folder of networks, on this machine alone. */
record LoopbackServer(Engine engine, InferenceServer server) implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  static LoopbackServer start(Path models, int port) {
    Engine engine =
        LocalEngine.start(
            EngineSettings.cpu(),
            Catalogue.below(models, Map.of()),
            EngineEvents.NONE,
            System::nanoTime);
    OipService service = new OipService(engine, "test", () -> true, System::nanoTime);
    return new LoopbackServer(engine, listen(port, service));
  }

  /** A port that was given up may be some other connection's for a moment. */
  private static InferenceServer listen(int port, OipService service) {
    InferenceServer.Options options = InferenceServer.Options.loopback().withPort(port);
    for (long start = System.nanoTime(); ; ) {
      try {
        return InferenceServer.start(options, List.of(service));
      } catch (LipstreamException e) {
        if (port == 0 || System.nanoTime() - start > PATIENCE.toNanos()) {
          throw e;
        }
        LockSupport.parkNanos(10_000_000);
      }
    }
  }

  String url() {
    return "grpc://127.0.0.1:" + server.port();
  }

  /** Ends it as a crash would. */
  void abort() {
    server.abort();
    engine.close();
  }

  @Override
  public void close() {
    server.close();
    engine.close();
  }
}
