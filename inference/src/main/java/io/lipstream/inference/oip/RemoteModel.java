package io.lipstream.inference.oip;

import io.lipstream.inference.engine.ModelShape;
import io.lipstream.inference.engine.ModelStatistics;
import org.jspecify.annotations.Nullable;

/**
 * What this side knows of a model on the other: its tensors, its counts and who uses it.
 *
 * <p>Guarded by its engine's lock.
 */
final class RemoteModel {
  final String id;
  @Nullable RemoteShape shape;
  int streams;
  boolean unloadWhenUnused;

  /** Batches taken and batches handed out: they end in the order in which they were taken. */
  long taken;

  long ended;

  private long frames;
  private long batches;
  private long late;
  private long failed;
  private long loads;
  private long queueNanos;
  private long serviceNanos;
  private long lastUsedNanos = Long.MIN_VALUE;

  RemoteModel(String id) {
    this.id = id;
  }

  void countLoad() {
    loads++;
  }

  void count(RemoteBatch batch, long nowNanos) {
    frames += batch.computed;
    late += batch.late;
    failed += batch.failed;
    queueNanos += batch.queueNanos;
    if (batch.computed > 0) {
      batches++;
      serviceNanos += batch.serviceNanos;
    }
    lastUsedNanos = nowNanos;
  }

  ModelStatistics statistics() {
    long evictions = 0;
    return new ModelStatistics(
        frames, batches, late, failed, loads, evictions, queueNanos, serviceNanos, lastUsedNanos);
  }

  /**
   * A model's tensors as its server describes them.
   *
   * @param maxFrames frames that a call may bring
   * @param fixedRows rows that every call must have, 0 where that is free
   */
  record RemoteShape(ModelShape tensors, int maxFrames, int fixedRows) {}
}
