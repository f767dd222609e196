package io.lipstream.media.audio;

import java.util.OptionalLong;

/**
 * A stream of sound pulled by one reader: a decoded file, a synthesiser's voice.
 *
 * <p>Not thread-safe; the reader owns and closes it. Closing early is allowed at any time from the
 * reading thread and releases decoders, connections and threads.
 */
public interface PcmSource extends AutoCloseable {

  PcmFormat format();

  /**
   * Reads up to {@code maxFrames} frames (one sample of each channel), waiting for at least one.
   *
   * @param interleaved receives samples in [-1, 1], channels interleaved, from index 0
   * @return frames read, at least 1, or -1 at the end
   */
  int read(float[] interleaved, int maxFrames);

  /** The frames expected in all, for progress displays; empty where nobody knows yet. */
  OptionalLong expectedFrames();

  @Override
  void close();
}
