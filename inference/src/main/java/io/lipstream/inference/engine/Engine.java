package io.lipstream.inference.engine;

import io.lipstream.media.lipsync.ReferenceCrops;
import io.lipstream.media.picture.Rect;

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

  /**
   * Says that frames of an avatar will come soon, so that an engine elsewhere can be told its
   * pictures before the first; returns at once.
   *
   * @param mask the box of the pictures that the network does not get to see
   */
  default void prepare(String modelId, ReferenceCrops crops, Rect mask) {}

  /**
   * Computes at most so many frames in one call from now on, where that is less than the settings
   * allow; larger batches serve more sessions, smaller ones serve each sooner.
   */
  default void limitBatch(int frames) {}

  /** The models that may be asked for and what is known of them. */
  Models models();

  @Override
  void close();
}
