package io.lipstream.streaming.file;

import io.lipstream.media.Ffmpeg;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.picture.I420Frame;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;

/**
 * The picture track of an mp4: H.264, a keyframe at least every two seconds, no frame ever skipped.
 *
 * <p>Not thread-safe. One native frame and one packet serve all pictures; nothing is allocated on
 * the Java side for a picture.
 */
final class PictureEncoder implements AutoCloseable {
  private static final double KEYFRAME_SECONDS = 2;
  private static final int PLANES = 3;

  private final Mp4Muxer muxer;
  private final Mp4Format format;
  private final AVCodecContext context;
  private final AVFrame frame = avutil.av_frame_alloc();
  private final AVPacket packet = avcodec.av_packet_alloc();
  private final BytePointer[] planes = new BytePointer[PLANES];
  private final int[] strideBytes = new int[PLANES];
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
    AVCodec found = avcodec.avcodec_find_encoder_by_name(codec.encoderName());
    if (found == null) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "this build of FFmpeg has no encoder " + codec.encoderName(),
          codec == VideoCodec.X264
              ? "put the jar org.bytedeco:ffmpeg of classifier linux-x86_64-gpl in the place of"
                  + " linux-x86_64, or use --codec h264"
              : "use the FFmpeg natives that Lipstream ships with");
    }
    return found;
  }

  private void open(AVCodec codec, FrameRate rate) {
    context.width(format.widthPx()).height(format.heightPx());
    context.pix_fmt(avutil.AV_PIX_FMT_YUV420P);
    context.time_base(timeBase);
    try (AVRational framerate = avutil.av_make_q(rate.numerator(), rate.denominator());
        AVRational square = avutil.av_make_q(1, 1)) {
      context.framerate(framerate);
      context.sample_aspect_ratio(square);
    }
    context.gop_size((int) Math.max(1, Math.round(KEYFRAME_SECONDS * rate.perSecond())));
    context.bit_rate(format.videoBitrateBps());
    context.color_range(avutil.AVCOL_RANGE_MPEG);
    context.color_primaries(avutil.AVCOL_PRI_SMPTE170M);
    context.color_trc(avutil.AVCOL_TRC_SMPTE170M);
    context.colorspace(avutil.AVCOL_SPC_SMPTE170M);
    context.chroma_sample_location(avutil.AVCHROMA_LOC_LEFT);
    context.flags(context.flags() | avcodec.AV_CODEC_FLAG_GLOBAL_HEADER);
    AVDictionary options = new AVDictionary(null);
    switch (format.codec()) {
      case H264 -> openH264Options(options);
      case X264 -> avutil.av_dict_set(options, "preset", "veryfast", 0);
    }
    try {
      Ffmpeg.check(
          avcodec.avcodec_open2(context, codec, options),
          "cannot open " + format.codec().encoderName() + " for " + format);
    } finally {
      avutil.av_dict_free(options);
    }
    frame.format(avutil.AV_PIX_FMT_YUV420P).width(format.widthPx()).height(format.heightPx());
    Ffmpeg.check(avutil.av_frame_get_buffer(frame, 0), "av_frame_get_buffer");
    findPlanes();
  }

  /** One thread and one slice: the stages before this one keep the other cores busy. */
  private void openH264Options(AVDictionary options) {
    context.thread_count(1);
    context.slices(1);
    avutil.av_dict_set(options, "profile", "high", 0);
    avutil.av_dict_set(options, "rc_mode", "bitrate", 0);
    avutil.av_dict_set(options, "allow_skip_frames", "0", 0);
  }

  private void findPlanes() {
    for (int plane = 0; plane < PLANES; plane++) {
      planes[plane] = frame.data(plane);
      strideBytes[plane] = frame.linesize(plane);
    }
  }

  /** Must be called once, after the muxer has started. */
  void started() {
    trackTimeBase = track.time_base();
  }

  void encode(I420Frame picture) {
    if (picture.widthPx() != format.widthPx() || picture.heightPx() != format.heightPx()) {
      throw new IllegalArgumentException(
          "a picture of %dx%d for a video of %dx%d"
              .formatted(
                  picture.widthPx(), picture.heightPx(), format.widthPx(), format.heightPx()));
    }
    if (avutil.av_frame_is_writable(frame) == 0) {
      Ffmpeg.check(avutil.av_frame_make_writable(frame), "av_frame_make_writable");
      findPlanes();
    }
    int width = format.widthPx();
    int height = format.heightPx();
    copyPlane(picture.data(), 0, 0, width, height);
    copyPlane(picture.data(), picture.uOffset(), 1, width / 2, height / 2);
    copyPlane(picture.data(), picture.vOffset(), 2, width / 2, height / 2);
    frame.pts(frameCount++);
    Ffmpeg.check(avcodec.avcodec_send_frame(context, frame), "avcodec_send_frame");
    drain();
  }

  private void copyPlane(byte[] from, int offset, int plane, int widthPx, int heightPx) {
    BytePointer to = planes[plane];
    int stride = strideBytes[plane];
    if (stride == widthPx) {
      to.position(0).put(from, offset, widthPx * heightPx);
      return;
    }
    for (int y = 0; y < heightPx; y++) {
      to.position((long) y * stride).put(from, offset + y * widthPx, widthPx);
    }
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
    avutil.av_frame_free(frame);
    avcodec.avcodec_free_context(context);
  }
}
