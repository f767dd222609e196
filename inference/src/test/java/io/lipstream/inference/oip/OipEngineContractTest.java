package io.lipstream.inference.oip;

import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.EngineContractTest;
import io.lipstream.inference.engine.EngineEvents;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** The engine behind a server of the protocol: both of Lipstream's halves of it. */
class OipEngineContractTest extends EngineContractTest {
  private @Nullable LoopbackServer server;

  @Override
  protected Engine start(Path models) {
    server = LoopbackServer.start(models, 0);
    return new OipEngine(OipSettings.of(server.url()), EngineEvents.NONE, System::nanoTime);
  }

  @AfterEach
  void closeServer() {
    if (server != null) {
      server.abort();
    }
  }
}
