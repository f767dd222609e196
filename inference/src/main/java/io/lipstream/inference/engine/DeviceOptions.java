package io.lipstream.inference.engine;

import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.Provider;

/** How a model is loaded on a device. */
record DeviceOptions(EngineOptions engine, long maxFileBytes, Device device) {
  /** Whether a batch is computed by the thread that asks for it and by no other. */
  boolean computesOnOneThread() {
    return engine.provider() == Provider.CPU && engine.intraOpThreads() == 1;
  }
}
