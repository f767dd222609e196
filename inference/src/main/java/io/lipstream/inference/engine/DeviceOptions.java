package io.lipstream.inference.engine;

import io.lipstream.inference.EngineOptions;

/** How a model is loaded on a device. */
record DeviceOptions(EngineOptions engine, long maxFileBytes, int workers) {}
