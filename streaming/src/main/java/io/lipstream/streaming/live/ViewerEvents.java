package io.lipstream.streaming.live;

/** What a viewer lets know; called by its connection's threads, which must not be kept. */
public interface ViewerEvents {

  /** Media can flow from now on. */
  void connected();

  /** The viewer cannot decode until a keyframe comes. */
  void keyFrameWanted();

  /** What the connection carries now, for pictures. */
  void bitrate(int bitsPerSecond);

  /**
   * What the viewer's microphone hears, in order and without gaps.
   *
   * @param mono48k samples in [-1, 1]; valid until this returns
   */
  void microphone(float[] mono48k, int count);

  /**
   * It is gone: closed by either side or silent for too long. The last call.
   *
   * @param reason for the log
   */
  void closed(String reason);
}
