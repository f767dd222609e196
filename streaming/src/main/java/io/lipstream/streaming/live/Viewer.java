package io.lipstream.streaming.live;

/**
 * One who watches: a browser, a recording.
 *
 * <p>Pictures come from one thread at a time and sound from one thread at a time, which may be
 * different ones; no call blocks. What cannot be sent in time is dropped and counted.
 */
public interface Viewer extends AutoCloseable {

  /** What this viewer's pictures must be encoded in. */
  LiveVideoCodec codec();

  /** Sends a picture, whose bytes are read before this returns. */
  void video(EncodedPicture picture);

  /** Sends sound, whose bytes are read before this returns. */
  void audio(EncodedSound sound);

  /** What was sent, lost and measured so far, from any thread. */
  ViewerStatistics statistics();

  /** Ends it, from any thread; further calls do nothing. */
  @Override
  void close();
}
