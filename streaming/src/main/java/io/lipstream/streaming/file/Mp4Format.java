package io.lipstream.streaming.file;

import io.lipstream.media.audio.PcmFormat;

/**
 * What goes into a video file.
 *
 * @param widthPx even
 * @param heightPx even
 * @param frameRate pictures a second
 * @param sound the shape of the samples given to the sink
 * @param codec how pictures are encoded
 * @param videoBitrateBps the rate aimed at on average
 */
public record Mp4Format(
    int widthPx,
    int heightPx,
    FrameRate frameRate,
    PcmFormat sound,
    VideoCodec codec,
    int videoBitrateBps) {
  private static final int MAX_SIDE_PX = 4096;
  private static final double REFERENCE_PIXELS = 1280 * 720;
  private static final double REFERENCE_FRAMES_PER_SECOND = 25;
  private static final double REFERENCE_BITRATE_BPS = 3_000_000;

  public Mp4Format {
    if (widthPx < 16
        || heightPx < 16
        || widthPx > MAX_SIDE_PX
        || heightPx > MAX_SIDE_PX
        || widthPx % 2 != 0
        || heightPx % 2 != 0) {
      throw new IllegalArgumentException(
          "a video has even sides of 16 to %d pixels, not %dx%d"
              .formatted(MAX_SIDE_PX, widthPx, heightPx));
    }
    if (videoBitrateBps < 10_000) {
      throw new IllegalArgumentException("videoBitrateBps too small: " + videoBitrateBps);
    }
  }

  /** A format at the default bit rate. */
  public static Mp4Format of(
      int widthPx, int heightPx, FrameRate frameRate, PcmFormat sound, VideoCodec codec) {
    return new Mp4Format(
        widthPx,
        heightPx,
        frameRate,
        sound,
        codec,
        defaultVideoBitrateBps(widthPx, heightPx, frameRate));
  }

  /**
   * 3 Mbit/s at 1280x720 and 25 frames a second. Larger pictures have smoother blocks and denser
   * frames differ less, so the rate grows slower than either: area to the power of 3/4, frames to
   * the power of 1/2.
   */
  public static int defaultVideoBitrateBps(int widthPx, int heightPx, FrameRate frameRate) {
    double area = Math.pow((double) widthPx * heightPx / REFERENCE_PIXELS, 0.75);
    double time = Math.sqrt(frameRate.perSecond() / REFERENCE_FRAMES_PER_SECOND);
    return (int) Math.max(100_000, REFERENCE_BITRATE_BPS * area * time);
  }
}
