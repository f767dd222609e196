package io.lipstream.media.lipsync;

import io.lipstream.media.picture.I420Frame;

/**
 * Where finished frames and their sound go: a file here, a viewer in a live session.
 *
 * <p>Called by one thread. Sound may run ahead of pictures by a second or more; both count from the
 * same zero, so time is the number of frames or samples given so far.
 */
public interface MediaSink extends AutoCloseable {

  /** Takes the next picture; its pixels are read before the call returns. */
  void video(I420Frame frame);

  /**
   * Takes the next picture of an avatar that was cut out.
   *
   * @param alpha how much of each pixel is seen, row by row; a sink that knows no transparency does
   *     not read it
   */
  default void video(I420Frame frame, byte[] alpha) {
    video(frame);
  }

  /**
   * Takes the next sound.
   *
   * @param interleaved samples in [-1, 1] in the format the sink was opened with
   */
  void audio(float[] interleaved, int frameCount);

  /** Completes the result; without it, close() throws away what was written. */
  void finish();

  @Override
  void close();
}
