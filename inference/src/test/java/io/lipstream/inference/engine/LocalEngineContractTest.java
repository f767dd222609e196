package io.lipstream.inference.engine;

import java.nio.file.Path;
import java.util.Map;

/** The engine of this process. */
class LocalEngineContractTest extends EngineContractTest {
  @Override
  protected Engine start(Path models) {
    return LocalEngine.start(
        EngineSettings.cpu(),
        Catalogue.below(models, Map.of()),
        EngineEvents.NONE,
        System::nanoTime);
  }
}
