package io.lipstream.inference.engine;

import io.lipstream.inference.engine.ModelStatus.State;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What is known of one model that somebody asked for. Guarded by {@link LocalModels}. */
final class ModelEntry {
  final String id;
  final Tally tally = new Tally();

  State state = State.UNLOADED;

  /** Where it is loaded. */
  @Nullable ModelQueue queue;

  /** The load under way. */
  @Nullable CompletableFuture<LoadOutcome> loading;

  Optional<ModelShape> shape = Optional.empty();
  long bytes;

  /** What it took when it was last loaded, to make room before it is loaded again. */
  long lastBytes;

  int streams;

  /** Callers that wait for the load in order to open a stream. */
  int waiting;

  /** Frees it when the last stream closes. */
  boolean unloadWanted;

  String failure = "";
  LoadOutcome.@Nullable Failed failed;
  long failedAtNanos;
  long usedAtNanos;
  long opened;

  private static final ModelStatistics NEVER = new Tally().statistics();

  /** What is known of a model that nobody asked for. */
  static ModelStatus untouched(String id) {
    return new ModelStatus(id, State.UNLOADED, Optional.empty(), Optional.empty(), 0, 0, "", NEVER);
  }

  ModelEntry(String id) {
    this.id = id;
  }

  boolean isInUse() {
    return streams > 0 || waiting > 0;
  }

  ModelStatus status() {
    return new ModelStatus(
        id,
        unloadWanted && queue != null ? State.UNLOADING : state,
        Optional.ofNullable(queue).map(found -> found.device.name()),
        shape,
        bytes,
        streams,
        failure,
        tally.statistics());
  }
}
