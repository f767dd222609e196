package io.lipstream.inference.engine;

import java.util.Optional;

/**
 * What is known of one model at one moment.
 *
 * @param device where it is loaded
 * @param shape its tensors, known once it was loaded
 * @param bytes memory it takes on its device; 0 if it is not loaded
 * @param streams streams that are open to it
 * @param failure why the last load failed; empty if it did not
 */
public record ModelStatus(
    String id,
    State state,
    Optional<String> device,
    Optional<ModelShape> shape,
    long bytes,
    int streams,
    String failure,
    ModelStatistics statistics) {

  /** Where a model is in its life. */
  public enum State {
    UNLOADED,
    LOADING,
    READY,
    UNLOADING,
    FAILED
  }
}
