package io.lipstream.streaming.ffmpeg;

import io.lipstream.media.Ffmpeg;
import io.lipstream.media.picture.I420Frame;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;

/** One picture in FFmpeg's memory, filled from ours again and again. Not thread-safe. */
public final class NativePicture implements AutoCloseable {
  private static final int PLANES = 4;

  private final int widthPx;
  private final int heightPx;
  private final int pixelFormat;
  private final AVFrame frame = avutil.av_frame_alloc();
  private final BytePointer[] planes = new BytePointer[PLANES];
  private final int[] strideBytes = new int[PLANES];

  public NativePicture(int widthPx, int heightPx) {
    this(widthPx, heightPx, avutil.AV_PIX_FMT_YUV420P);
  }

  /** A picture with a fourth plane that says how much of each pixel is seen. */
  public static NativePicture transparent(int widthPx, int heightPx) {
    return new NativePicture(widthPx, heightPx, avutil.AV_PIX_FMT_YUVA420P);
  }

  private NativePicture(int widthPx, int heightPx, int pixelFormat) {
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.pixelFormat = pixelFormat;
    frame.format(pixelFormat).width(widthPx).height(heightPx);
    int code = avutil.av_frame_get_buffer(frame, 0);
    if (code < 0) {
      avutil.av_frame_free(frame);
      Ffmpeg.check(code, "av_frame_get_buffer");
    }
    findPlanes();
  }

  private void findPlanes() {
    for (int plane = 0; plane < planeCount(); plane++) {
      planes[plane] = frame.data(plane);
      strideBytes[plane] = frame.linesize(plane);
    }
  }

  private int planeCount() {
    return pixelFormat == avutil.AV_PIX_FMT_YUVA420P ? 4 : 3;
  }

  /** Tells an encoder the size and the colours of such pictures. */
  public void describe(AVCodecContext encoder) {
    encoder.width(widthPx).height(heightPx).pix_fmt(pixelFormat);
    try (AVRational square = avutil.av_make_q(1, 1)) {
      encoder.sample_aspect_ratio(square);
    }
    encoder.color_range(avutil.AVCOL_RANGE_MPEG);
    encoder.color_primaries(avutil.AVCOL_PRI_SMPTE170M);
    encoder.color_trc(avutil.AVCOL_TRC_SMPTE170M);
    encoder.colorspace(avutil.AVCOL_SPC_SMPTE170M);
    encoder.chroma_sample_location(avutil.AVCHROMA_LOC_LEFT);
  }

  public int pixels() {
    return widthPx * heightPx;
  }

  /** For FFmpeg's own calls. */
  public AVFrame frame() {
    return frame;
  }

  /** Copies a picture, also where an encoder still holds the one before. */
  public void fill(I420Frame picture) {
    if (picture.widthPx() != widthPx || picture.heightPx() != heightPx) {
      throw new IllegalArgumentException(
          "a picture of %dx%d for a video of %dx%d"
              .formatted(picture.widthPx(), picture.heightPx(), widthPx, heightPx));
    }
    if (avutil.av_frame_is_writable(frame) == 0) {
      Ffmpeg.check(avutil.av_frame_make_writable(frame), "av_frame_make_writable");
      findPlanes();
    }
    copyPlane(picture.data(), 0, 0, widthPx, heightPx);
    copyPlane(picture.data(), picture.uOffset(), 1, widthPx / 2, heightPx / 2);
    copyPlane(picture.data(), picture.vOffset(), 2, widthPx / 2, heightPx / 2);
  }

  /** As the other, for a transparent picture. */
  public void fill(I420Frame picture, byte[] alpha) {
    if (planeCount() != 4 || alpha.length != widthPx * heightPx) {
      throw new IllegalArgumentException(
          alpha.length + " alphas for a picture of " + widthPx + "x" + heightPx);
    }
    fill(picture);
    copyPlane(alpha, 0, 3, widthPx, heightPx);
  }

  private void copyPlane(byte[] from, int offset, int plane, int rowBytes, int rows) {
    BytePointer to = planes[plane];
    int stride = strideBytes[plane];
    if (stride == rowBytes) {
      to.position(0).put(from, offset, rowBytes * rows);
      return;
    }
    for (int y = 0; y < rows; y++) {
      to.position((long) y * stride).put(from, offset + y * rowBytes, rowBytes);
    }
  }

  @Override
  public void close() {
    avutil.av_frame_free(frame);
  }
}
