package io.lipstream.inference.engine;

import io.lipstream.inference.engine.Frame.Outcome;

/**
 * Hears what an engine does, for metrics and logs.
 *
 * <p>Called from the engine's own threads: must not block and should not allocate.
 */
public interface EngineEvents {
  /** Hears nothing. */
  EngineEvents NONE = new EngineEvents() {};

  /** A call of a network ended. */
  default void batchComputed(String modelId, String device, int frames, long serviceNanos) {}

  /** A frame ended; queueNanos as in {@link Frame#done}. */
  default void frameEnded(String modelId, Outcome outcome, long queueNanos) {}

  default void modelLoaded(String modelId, String device, long bytes, long loadNanos) {}

  /** A model was freed; evicted says whether to make room or because it was idle. */
  default void modelUnloaded(String modelId, String device, boolean evicted) {}

  default void loadFailed(String modelId, String reason) {}

  /** A stream was not admitted. */
  default void streamRefused(String modelId, String reason) {}
}
