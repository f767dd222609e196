package io.lipstream.streaming.rtp;

/** What a receiver makes of the packets it is given; called under its lock. */
public interface ReceivedMedia {

  /**
   * A whole picture that can be decoded after those before it.
   *
   * @param data valid until this returns; VP8, or H.264 with start codes of four bytes
   * @param presentationNanos on the sender's clock, since 1900; {@link Long#MIN_VALUE} before the
   *     first sender report
   */
  void picture(byte[] data, int length, boolean keyFrame, long presentationNanos);

  /** An Opus packet, as it came: in no guaranteed order and without those that were lost. */
  void sound(byte[] data, int offset, int length, long presentationNanos);

  /** The sender said goodbye. */
  void ended();
}
