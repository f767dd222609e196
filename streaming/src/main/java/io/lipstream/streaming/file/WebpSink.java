package io.lipstream.streaming.file;

import io.lipstream.media.Ffmpeg;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.lipsync.MediaSink;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.streaming.ffmpeg.NativePicture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.ffmpeg.swscale.SwsFilter;
import org.bytedeco.javacpp.DoublePointer;

/**
 * Writes an animated WebP: a small picture that moves for ever and says nothing, for web pages.
 *
 * <p>The whole animation is held in memory, compressed, until {@link #finish()} writes it; it is
 * meant for seconds, not for minutes. Thread-safe, so that a shutdown hook may close it.
 */
public final class WebpSink implements MediaSink {
  /** Wide enough to be looked at beside text. */
  private static final int MAX_WIDTH_PX = 640;

  private static final String ENCODER = "libwebp_anim";
  private static final String QUALITY = "75";

  private final Path target;
  private final PartFile part;
  private final int widthPx;
  private final int heightPx;
  private final AVCodecContext context;
  private final AVPacket packet = avcodec.av_packet_alloc();
  private final NativePicture whole;
  private final AVFrame scaled = avutil.av_frame_alloc();
  private SwsContext scaler = new SwsContext(null);
  private long frameCount;
  private boolean finished;
  private boolean closed;

  /**
   * Opens a file beside its target.
   *
   * @param widthPx of the frames to come; wider ones than 640 are made as small as that
   * @throws LipstreamException OUTPUT if it cannot be written, ENVIRONMENT if FFmpeg has no such
   *     encoder
   */
  public static WebpSink toFile(Path target, int widthPx, int heightPx, FrameRate rate) {
    AVCodec codec = Ffmpeg.encoder(ENCODER, Ffmpeg.USE_SHIPPED + ", or write an .mp4");
    PartFile part = PartFile.create(target);
    try {
      return new WebpSink(target, part, widthPx, heightPx, rate, codec);
    } catch (RuntimeException e) {
      part.delete();
      throw e;
    }
  }

  private WebpSink(
      Path target, PartFile part, int widthPx, int heightPx, FrameRate rate, AVCodec codec) {
    this.target = target;
    this.part = part;
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    whole = new NativePicture(widthPx, heightPx);
    int shownWidthPx = Math.min(widthPx, MAX_WIDTH_PX);
    int shownHeightPx = Math.max(2, heightPx * shownWidthPx / widthPx & ~1);
    context = avcodec.avcodec_alloc_context3(codec);
    context.width(shownWidthPx).height(shownHeightPx).pix_fmt(avutil.AV_PIX_FMT_YUV420P);
    try (AVRational timeBase = avutil.av_make_q(rate.denominator(), rate.numerator())) {
      context.time_base(timeBase);
    }
    AVDictionary options = new AVDictionary(null);
    avutil.av_dict_set(options, "quality", QUALITY, 0);
    try {
      Ffmpeg.check(avcodec.avcodec_open2(context, codec, options), "cannot open " + ENCODER);
      allocate(scaled, shownWidthPx, shownHeightPx);
    } catch (RuntimeException e) {
      free();
      throw e;
    } finally {
      avutil.av_dict_free(options);
    }
  }

  private static void allocate(AVFrame frame, int widthPx, int heightPx) {
    frame.format(avutil.AV_PIX_FMT_YUV420P).width(widthPx).height(heightPx);
    Ffmpeg.check(avutil.av_frame_get_buffer(frame, 0), "av_frame_get_buffer");
  }

  @Override
  public synchronized void video(I420Frame frame) {
    requireOpen();
    whole.fill(frame);
    scale();
    scaled.pts(frameCount++);
    Ffmpeg.check(avcodec.avcodec_send_frame(context, scaled), "avcodec_send_frame");
    int code = avcodec.avcodec_receive_packet(context, packet);
    if (code != avutil.AVERROR_EAGAIN()) {
      throw new IllegalStateException(ENCODER + " gave a packet before the end: " + code);
    }
  }

  private void scale() {
    Ffmpeg.check(avutil.av_frame_make_writable(scaled), "av_frame_make_writable");
    scaler =
        swscale.sws_getCachedContext(
            scaler,
            widthPx,
            heightPx,
            avutil.AV_PIX_FMT_YUV420P,
            scaled.width(),
            scaled.height(),
            avutil.AV_PIX_FMT_YUV420P,
            swscale.SWS_AREA,
            (SwsFilter) null,
            (SwsFilter) null,
            (DoublePointer) null);
    Ffmpeg.check(
        swscale.sws_scale(
            scaler,
            whole.frame().data(),
            whole.frame().linesize(),
            0,
            heightPx,
            scaled.data(),
            scaled.linesize()),
        "scaling a frame");
  }

  /** Sound has no place in a picture. */
  @Override
  public void audio(float[] interleaved, int frameCount) {}

  /**
   * Writes the animation.
   *
   * @throws LipstreamException OUTPUT if no picture was given or the file cannot be written
   */
  @Override
  public synchronized void finish() {
    requireOpen();
    if (frameCount == 0) {
      throw new LipstreamException(
          LipstreamException.Kind.OUTPUT,
          "no picture was made, so there is no animation to write to " + target,
          "give some speech longer than one frame");
    }
    Ffmpeg.check(avcodec.avcodec_send_frame(context, null), "avcodec_send_frame");
    Ffmpeg.check(avcodec.avcodec_receive_packet(context, packet), "avcodec_receive_packet");
    byte[] animation = new byte[packet.size()];
    packet.data().get(animation);
    avcodec.av_packet_unref(packet);
    try {
      Files.write(part.path(), animation);
    } catch (IOException e) {
      throw OutputFailure.of(target.toString(), String.valueOf(e.getMessage()), e);
    }
    part.commit();
    finished = true;
  }

  private void requireOpen() {
    if (closed) {
      throw new CancellationException("the animation " + target + " was closed");
    }
    if (finished) {
      throw new IllegalStateException("the animation " + target + " is already finished");
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      free();
      part.delete();
    }
  }

  private void free() {
    swscale.sws_freeContext(scaler);
    whole.close();
    avutil.av_frame_free(scaled);
    avcodec.av_packet_free(packet);
    avcodec.avcodec_free_context(context);
  }
}
