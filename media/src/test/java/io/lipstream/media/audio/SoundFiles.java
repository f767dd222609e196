package io.lipstream.media.audio;

import io.lipstream.media.Ffmpeg;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVChannelLayout;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swresample;
import org.bytedeco.ffmpeg.swresample.SwrContext;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/** Writes small sound files with FFmpeg's own encoders; the container follows the file's name. */
final class SoundFiles {
  private static final int ANY_FRAME_SAMPLES = 1024;

  private SoundFiles() {}

  /** Encodes interleaved samples; an encoder named like "pcm_s16le", "flac", "libmp3lame". */
  static Path write(
      Path file, String encoder, int rateHz, int channels, float[] interleaved, boolean withVideo) {
    Ffmpeg.load();
    AVFormatContext muxer = new AVFormatContext(null);
    check(
        avformat.avformat_alloc_output_context2(muxer, null, null, Ffmpeg.fileUrl(file)), "muxer");
    AVCodecContext video = withVideo ? grayVideo(muxer) : new AVCodecContext(null);
    AVCodecContext codec = audio(muxer, encoder, rateHz, channels);
    AVIOContext out = new AVIOContext(null);
    check(
        avformat.avio_open2(out, Ffmpeg.fileUrl(file), avformat.AVIO_FLAG_WRITE, null, null),
        "open");
    muxer.pb(out);
    check(avformat.avformat_write_header(muxer, (AVDictionary) null), "header");
    if (withVideo) {
      writeGrayFrames(muxer, video);
    }
    writeSound(muxer, codec, interleaved);
    check(avformat.av_write_trailer(muxer), "trailer");
    avformat.avio_closep(out);
    avcodec.avcodec_free_context(codec);
    avcodec.avcodec_free_context(video);
    avformat.avformat_free_context(muxer);
    return file;
  }

  static Path write(Path file, String encoder, int rateHz, int channels, float[] interleaved) {
    return write(file, encoder, rateHz, channels, interleaved, false);
  }

  @SuppressWarnings("deprecation") // sample_fmts(): its successor hands out raw memory
  private static AVCodecContext audio(
      AVFormatContext muxer, String encoder, int rateHz, int channels) {
    AVCodec coder = avcodec.avcodec_find_encoder_by_name(encoder);
    AVCodecContext codec = avcodec.avcodec_alloc_context3(coder);
    codec.sample_rate(rateHz);
    codec.sample_fmt(coder.sample_fmts().get(0));
    codec.bit_rate(128_000);
    codec.strict_std_compliance(avcodec.FF_COMPLIANCE_EXPERIMENTAL);
    AVChannelLayout layout = new AVChannelLayout();
    avutil.av_channel_layout_default(layout, channels);
    codec.ch_layout(layout);
    return opened(muxer, coder, codec, rateHz);
  }

  private static AVCodecContext grayVideo(AVFormatContext muxer) {
    AVCodec coder = avcodec.avcodec_find_encoder_by_name("mpeg4");
    AVCodecContext codec = avcodec.avcodec_alloc_context3(coder);
    codec.width(32);
    codec.height(32);
    codec.pix_fmt(avutil.AV_PIX_FMT_YUV420P);
    return opened(muxer, coder, codec, 25);
  }

  private static AVCodecContext opened(
      AVFormatContext muxer, AVCodec coder, AVCodecContext codec, int ticksPerSecond) {
    codec.time_base(new AVRational().num(1).den(ticksPerSecond));
    if ((muxer.oformat().flags() & avformat.AVFMT_GLOBALHEADER) != 0) {
      codec.flags(codec.flags() | avcodec.AV_CODEC_FLAG_GLOBAL_HEADER);
    }
    check(avcodec.avcodec_open2(codec, coder, (AVDictionary) null), "encoder");
    AVStream stream = avformat.avformat_new_stream(muxer, null);
    stream.time_base(codec.time_base());
    check(avcodec.avcodec_parameters_from_context(stream.codecpar(), codec), "parameters");
    return codec;
  }

  private static void writeGrayFrames(AVFormatContext muxer, AVCodecContext video) {
    AVFrame frame = avutil.av_frame_alloc();
    frame.width(32).height(32).format(avutil.AV_PIX_FMT_YUV420P);
    check(avutil.av_frame_get_buffer(frame, 0), "picture");
    for (int i = 0; i < 5; i++) {
      frame.pts(i);
      encode(muxer, video, frame, 0);
    }
    encode(muxer, video, null, 0);
    avutil.av_frame_free(frame);
  }

  private static void writeSound(AVFormatContext muxer, AVCodecContext codec, float[] interleaved) {
    int channels = codec.ch_layout().nb_channels();
    int total = interleaved.length / channels;
    int step = codec.frame_size() > 0 ? codec.frame_size() : ANY_FRAME_SAMPLES;
    int streamIndex = muxer.nb_streams() - 1;
    SwrContext toCodec = new SwrContext(null);
    AVChannelLayout layout = codec.ch_layout();
    check(
        swresample.swr_alloc_set_opts2(
            toCodec,
            layout,
            codec.sample_fmt(),
            codec.sample_rate(),
            layout,
            avutil.AV_SAMPLE_FMT_FLT,
            codec.sample_rate(),
            0,
            null),
        "converter");
    check(swresample.swr_init(toCodec), "converter");
    FloatPointer in = new FloatPointer(FloatBuffer.wrap(interleaved));
    for (int at = 0; at < total; at += step) {
      AVFrame frame = avutil.av_frame_alloc();
      int count = Math.min(step, total - at);
      frame.nb_samples(count).format(codec.sample_fmt()).sample_rate(codec.sample_rate()).pts(at);
      avutil.av_channel_layout_copy(frame.ch_layout(), layout);
      check(avutil.av_frame_get_buffer(frame, 0), "samples");
      PointerPointer<FloatPointer> plane = new PointerPointer<>(1);
      plane.put(0, in.getPointer((long) at * channels));
      check(swresample.swr_convert(toCodec, frame.extended_data(), count, plane, count), "convert");
      encode(muxer, codec, frame, streamIndex);
      avutil.av_frame_free(frame);
    }
    encode(muxer, codec, null, streamIndex);
    swresample.swr_free(toCodec);
    in.close();
  }

  private static void encode(
      AVFormatContext muxer, AVCodecContext codec, @Nullable AVFrame frame, int streamIndex) {
    check(avcodec.avcodec_send_frame(codec, frame), "send");
    AVPacket packet = avcodec.av_packet_alloc();
    while (avcodec.avcodec_receive_packet(codec, packet) == 0) {
      packet.stream_index(streamIndex);
      avcodec.av_packet_rescale_ts(
          packet, codec.time_base(), muxer.streams(streamIndex).time_base());
      check(avformat.av_interleaved_write_frame(muxer, packet), "write");
    }
    avcodec.av_packet_free(packet);
  }

  private static void check(int code, String call) {
    Ffmpeg.check(code, "test file: " + call);
  }
}
