package io.lipstream.streaming.file;

import io.lipstream.media.Ffmpeg;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.streaming.ffmpeg.NativePicture;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;

/**
 * The picture track of a video: H.264 or VP9, a keyframe at least every two seconds, no frame ever
 * skipped.
 *
 * <p>Not thread-safe. One native frame and one packet serve all pictures; nothing is allocated on
 * the Java side for a picture.
 */
final class PictureEncoder implements AutoCloseable {
  private static final double KEYFRAME_SECONDS = 2;

  private final Mp4Muxer muxer;
  private final Mp4Format format;
  private final AVCodecContext context;
  private final NativePicture frame;
  private final AVPacket packet = avcodec.av_packet_alloc();
  private final AVRational timeBase;
  private final AVStream track;
  private AVRational trackTimeBase;
  private long frameCount;
  private long packetCount;

  /** Opens the encoder and adds its track to the muxer. */
  PictureEncoder(Mp4Muxer muxer, Mp4Format format) {
    this.muxer = muxer;
    this.format = format;
    FrameRate rate = format.frameRate();
    timeBase = avutil.av_make_q(rate.denominator(), rate.numerator());
    trackTimeBase = timeBase;
    AVCodec codec = find(format.codec());
    frame =
        format.codec().isTransparent()
            ? NativePicture.transparent(format.widthPx(), format.heightPx())
            : new NativePicture(format.widthPx(), format.heightPx());
    context = avcodec.avcodec_alloc_context3(codec);
    try {
      open(codec, rate);
      track = muxer.addTrack(context);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static AVCodec find(VideoCodec codec) {
    return Ffmpeg.encoder(
        codec.encoderName(),
        codec == VideoCodec.X264
            ? "put the jar org.bytedeco:ffmpeg of classifier linux-x86_64-gpl in the place of"
                + " linux-x86_64, or use --codec h264"
            : Ffmpeg.USE_SHIPPED);
  }

  private void open(AVCodec codec, FrameRate rate) {
    frame.describe(context);
    context.time_base(timeBase);
    try (AVRational framerate = avutil.av_make_q(rate.numerator(), rate.denominator())) {
      context.framerate(framerate);
    }
    context.gop_size((int) Math.max(1, Math.round(KEYFRAME_SECONDS * rate.perSecond())));
    context.bit_rate(format.videoBitrateBps());
    context.flags(context.flags() | avcodec.AV_CODEC_FLAG_GLOBAL_HEADER);
    AVDictionary options = new AVDictionary(null);
    switch (format.codec()) {
      case H264 -> openH264Options(options);
      case X264 -> avutil.av_dict_set(options, "preset", "veryfast", 0);
      case VP9 -> vp9Options(options);
    }
    try {
      Ffmpeg.check(
          avcodec.avcodec_open2(context, codec, options),
          "cannot open " + format.codec().encoderName() + " for " + format);
    } finally {
      avutil.av_dict_free(options);
    }
  }

  /** One thread and one slice: the stages before this one keep the other cores busy. */
  private void openH264Options(AVDictionary options) {
    context.thread_count(1);
    context.slices(1);
    avutil.av_dict_set(options, "profile", "high", 0);
    avutil.av_dict_set(options, "rc_mode", "bitrate", 0);
    avutil.av_dict_set(options, "allow_skip_frames", "0", 0);
  }

  /** Two encoders run side by side in it, one for the colours and one for the transparency. */
  private void vp9Options(AVDictionary options) {
    context.thread_count(Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 8));
    avutil.av_dict_set(options, "deadline", "good", 0);
    avutil.av_dict_set(options, "cpu-used", "5", 0);
    avutil.av_dict_set(options, "row-mt", "1", 0);
    // Hidden pictures and transparency do not go together.
    avutil.av_dict_set(options, "auto-alt-ref", "0", 0);
  }

  /** Must be called once, after the muxer has started. */
  void started() {
    trackTimeBase = track.time_base();
  }

  void encode(I420Frame picture) {
    frame.fill(picture);
    encodeFilled();
  }

  void encode(I420Frame picture, byte[] alpha) {
    if (!format.codec().isTransparent()) {
      encode(picture);
      return;
    }
    frame.fill(picture, alpha);
    encodeFilled();
  }

  private void encodeFilled() {
    frame.frame().pts(frameCount++);
    Ffmpeg.check(avcodec.avcodec_send_frame(context, frame.frame()), "avcodec_send_frame");
    drain();
  }

  /** Writes what the encoder still holds back. */
  void finish() {
    Ffmpeg.check(avcodec.avcodec_send_frame(context, null), "avcodec_send_frame");
    drain();
    if (packetCount != frameCount) {
      throw new IllegalStateException(
          format.codec().encoderName() + " made " + packetCount + " of " + frameCount + " frames");
    }
  }

  private void drain() {
    while (true) {
      int code = avcodec.avcodec_receive_packet(context, packet);
      if (code == avutil.AVERROR_EAGAIN() || code == avutil.AVERROR_EOF) {
        return;
      }
      Ffmpeg.check(code, "avcodec_receive_packet");
      packet.duration(1);
      packetCount++;
      muxer.write(packet, track, timeBase, trackTimeBase);
    }
  }

  long frameCount() {
    return frameCount;
  }

  @Override
  public void close() {
    avcodec.av_packet_free(packet);
    frame.close();
    avcodec.avcodec_free_context(context);
  }
}
