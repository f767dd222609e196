package io.lipstream.inference.engine;

/**
 * Computes frames of many sessions with many models on a set of devices.
 *
 * <p>Thread-safe. Close drains nothing: frames that wait are given back as flushed.
 */
public interface Engine extends AutoCloseable {

  /**
   * Opens a stream of frames to one model, loading the model if need be; waits for the load.
   *
   * @throws io.lipstream.media.LipstreamException if the model's file is no such network
   */
  Admission open(StreamRequest request);

  /** The models that may be asked for and what is known of them. */
  Models models();

  @Override
  void close();
}
