package io.lipstream.inference.oip;

import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.inference.server.InferenceServer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Lipstream's own server of the protocol over a folder of networks, on this machine alone. */
record LoopbackServer(Engine engine, InferenceServer server) implements AutoCloseable {
  static LoopbackServer start(Path models, int port) {
    Engine engine =
        LocalEngine.start(
            EngineSettings.cpu(),
            Catalogue.below(models, Map.of()),
            EngineEvents.NONE,
            System::nanoTime);
    OipService service = new OipService(engine, "test", () -> true, System::nanoTime);
    return new LoopbackServer(
        engine,
        InferenceServer.start(InferenceServer.Options.loopback().withPort(port), List.of(service)));
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
