package io.lipstream.inference.engine;

import java.util.List;

/**
 * One session's frames on their way to one model. While it is open its model is not evicted.
 *
 * <p>Thread-safe. Frames of one stream are computed and end in the order in which they were
 * submitted, so one worker at a time works for it; who wants several opens several streams.
 */
public interface FrameStream extends AutoCloseable {

  /** How many inputs, outputs and values the model wants of a frame. */
  ModelShape shape();

  /**
   * Queues a frame; does not wait and does not allocate.
   *
   * @param frame stays in use until its done() was called
   * @param deadlineNanos on the engine's clock; a frame that cannot be computed by then is dropped.
   *     Long.MAX_VALUE for none
   * @return false if the queue is full or the stream is closed; done() is then not called
   */
  boolean submit(Frame frame, long deadlineNanos);

  /**
   * Queues the first frames of a list at once, so that they can share a batch.
   *
   * @param deadlineNanos of each of them, as for one
   * @return how many were queued; the others did not fit, or the stream is closed
   */
  int submit(List<? extends Frame> frames, int count, long deadlineNanos);

  /** Gives back what waits, as flushed; what is being computed still comes. */
  void flush();

  /**
   * As flush, and waits for the frames that are being computed; not so in done() of one of them,
   * where it waits for nothing. In done() of another stream's frame it must not be called: two
   * workers could then wait for each other.
   */
  @Override
  void close();
}
