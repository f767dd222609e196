package io.lipstream.inference.engine;

import io.lipstream.inference.engine.Frame.Outcome;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Passes events on so that a listener that fails ends no worker. */
record CarefulEvents(EngineEvents listener) implements EngineEvents {
  private static final Logger log = LoggerFactory.getLogger(CarefulEvents.class);

  @Override
  public void batchComputed(String modelId, String device, int frames, long serviceNanos) {
    try {
      listener.batchComputed(modelId, device, frames, serviceNanos);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override
  public void frameEnded(String modelId, Outcome outcome, long queueNanos) {
    try {
      listener.frameEnded(modelId, outcome, queueNanos);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override
  public void modelLoaded(String modelId, String device, long bytes, long loadNanos) {
    try {
      listener.modelLoaded(modelId, device, bytes, loadNanos);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override
  public void modelUnloaded(String modelId, String device, boolean evicted) {
    try {
      listener.modelUnloaded(modelId, device, evicted);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override
  public void loadFailed(String modelId, String reason) {
    try {
      listener.loadFailed(modelId, reason);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override
  public void streamRefused(String modelId, String reason) {
    try {
      listener.streamRefused(modelId, reason);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  private static void failed(RuntimeException e) {
    log.warn("a listener of the engine failed", e);
  }
}
