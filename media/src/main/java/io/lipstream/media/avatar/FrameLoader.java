package io.lipstream.media.avatar;

/** Decodes frames ahead of those who show them and remembers them. Thread-safe. */
sealed interface FrameLoader extends AutoCloseable permits PictureLoader, VideoLoader {
  /** Frames decoded ahead of the last one asked for: more than a second of a video. */
  int AHEAD = 32;

  /** The frame, waiting for this one alone if it is not decoded yet. */
  AvatarFrame frame(int index);

  @Override
  void close();
}
