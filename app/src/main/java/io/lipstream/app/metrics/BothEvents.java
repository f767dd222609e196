package io.lipstream.app.metrics;

import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.Frame.Outcome;

/** Tells both. */
record BothEvents(EngineEvents one, EngineEvents other) implements EngineEvents {
  @Override
  public void batchComputed(String modelId, String device, int frames, long serviceNanos) {
    one.batchComputed(modelId, device, frames, serviceNanos);
    other.batchComputed(modelId, device, frames, serviceNanos);
  }

  @Override
  public void frameEnded(String modelId, Outcome outcome, long queueNanos) {
    one.frameEnded(modelId, outcome, queueNanos);
    other.frameEnded(modelId, outcome, queueNanos);
  }

  @Override
  public void modelLoaded(String modelId, String device, long bytes, long loadNanos) {
    one.modelLoaded(modelId, device, bytes, loadNanos);
    other.modelLoaded(modelId, device, bytes, loadNanos);
  }

  @Override
  public void modelUnloaded(String modelId, String device, boolean evicted) {
    one.modelUnloaded(modelId, device, evicted);
    other.modelUnloaded(modelId, device, evicted);
  }

  @Override
  public void loadFailed(String modelId, String reason) {
    one.loadFailed(modelId, reason);
    other.loadFailed(modelId, reason);
  }

  @Override
  public void streamRefused(String modelId, String reason) {
    one.streamRefused(modelId, reason);
    other.streamRefused(modelId, reason);
  }
}
