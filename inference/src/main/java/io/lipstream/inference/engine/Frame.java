package io.lipstream.inference.engine;

import io.lipstream.inference.TensorSlot;

/**
 * What one frame brings into a batch and takes out of it. Objects are used again and again by their
 * owner, so that a frame costs no allocation.
 *
 * <p>The engine calls write, read and done from a device's worker thread, one at a time; none may
 * block. A flushed frame's done() comes from the thread that flushes.
 */
public interface Frame {

  /** How a frame ended. */
  enum Outcome {
    COMPUTED,
    /** Dropped, not computed: its deadline had passed or could not be met. */
    LATE,
    /** Dropped by a flush or because its stream was closed. */
    FLUSHED,
    /** The network drew a value that is not a number, or read() refused it. */
    NOT_A_NUMBER,
    /** The device or the network failed. */
    FAILED
  }

  /** Writes this frame's values of one of the model's inputs. */
  void write(int input, TensorSlot slot);

  /**
   * Takes this frame's values of one of the model's outputs.
   *
   * @return whether all values were numbers
   */
  boolean read(int output, TensorSlot slot);

  /**
   * Told once for every frame that was accepted, after write and read.
   *
   * @param queueNanos from submission to the start of its batch, or to its end if it was dropped
   * @param serviceNanos the batch's time on the device, 0 if it was dropped
   * @param batch frames that were computed together, 0 if it was dropped
   */
  void done(Outcome outcome, long queueNanos, long serviceNanos, int batch);
}
