package io.lipstream.inference.engine;

import io.lipstream.inference.engine.Frame.Outcome;

/** Counts what became of one model's frames; lives as long as the engine. Thread-safe. */
final class Tally {
  private long frames;
  private long batches;
  private long late;
  private long failed;
  private long loads;
  private long evictions;
  private long queueNanos;
  private long serviceNanos;
  private long lastUsedNanos = Long.MIN_VALUE;

  synchronized void batch(long batchServiceNanos, long nowNanos) {
    batches++;
    serviceNanos += batchServiceNanos;
    lastUsedNanos = nowNanos;
  }

  synchronized void frame(Outcome outcome, long waitedNanos) {
    switch (outcome) {
      case COMPUTED -> {
        frames++;
        queueNanos += waitedNanos;
      }
      case LATE -> late++;
      case NOT_A_NUMBER, FAILED -> failed++;
      case FLUSHED -> {}
    }
  }

  synchronized void loaded() {
    loads++;
  }

  synchronized void evicted() {
    evictions++;
  }

  synchronized void used(long nowNanos) {
    lastUsedNanos = nowNanos;
  }

  synchronized ModelStatistics statistics() {
    return new ModelStatistics(
        frames, batches, late, failed, loads, evictions, queueNanos, serviceNanos, lastUsedNanos);
  }
}
