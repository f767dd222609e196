package io.lipstream.streaming.file;

import io.lipstream.media.Ffmpeg;
import io.lipstream.media.audio.PcmFormat;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVChannelLayout;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swresample;
import org.bytedeco.ffmpeg.swresample.SwrContext;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/**
 * The sound track of a video: AAC-LC at 44.1 or 48 kHz, or Opus at 48 kHz.
 *
 * <p>Other rates are resampled to 48 kHz. AAC could carry most of them, but its delay is 1024
 * samples at any rate, and players that ignore the edit list which cuts this delay away are then
 * only 21 ms off instead of 64 ms at 16 kHz.
 *
 * <p>Not thread-safe.
 */
final class SoundEncoder implements AutoCloseable {
  private static final int DEFAULT_RATE_HZ = 48_000;
  private static final int MONO_BITRATE_BPS = 128_000;
  private static final int STEREO_BITRATE_BPS = 192_000;
  private static final int CHUNK_FRAMES = 4096;

  private final Mp4Muxer muxer;
  private final PcmFormat input;
  private final String encoderName;

  /** Whether the encoder wants each channel by itself. */
  private final boolean planar;

  private final int rateHz;
  private final AVCodecContext context;
  private final SwrContext resampler = new SwrContext(null);
  private final AVFrame frame = avutil.av_frame_alloc();
  private final AVPacket packet = avcodec.av_packet_alloc();
  private final FloatPointer chunk;
  private final PointerPointer<FloatPointer> chunkPlanes;
  private final PointerPointer<BytePointer> framePlanes;
  private final AVRational timeBase;
  private final AVStream track;
  private AVRational trackTimeBase;
  private int frameSize;

  /** Samples already in the frame that is being filled. */
  private int filled;

  private long inputFrames;
  private long encodedFrames;

  /** Opens the encoder and adds its track to the muxer. */
  SoundEncoder(Mp4Muxer muxer, PcmFormat input, String encoderName) {
    this.muxer = muxer;
    this.input = input;
    this.encoderName = encoderName;
    planar = encoderName.equals("aac");
    rateHz = planar && input.sampleRateHz() == 44_100 ? 44_100 : DEFAULT_RATE_HZ;
    timeBase = avutil.av_make_q(1, rateHz);
    trackTimeBase = timeBase;
    chunk = new FloatPointer((long) CHUNK_FRAMES * input.channels());
    chunkPlanes = new PointerPointer<FloatPointer>(1).put(0, chunk);
    framePlanes = new PointerPointer<>(input.channels());
    AVCodec codec = Ffmpeg.encoder(encoderName, Ffmpeg.USE_SHIPPED);
    context = avcodec.avcodec_alloc_context3(codec);
    try {
      open(codec);
      track = muxer.addTrack(context);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void open(AVCodec codec) {
    try (AVChannelLayout layout = new AVChannelLayout()) {
      avutil.av_channel_layout_default(layout, input.channels());
      context.sample_rate(rateHz);
      context.ch_layout(layout);
      int sampleFormat = planar ? avutil.AV_SAMPLE_FMT_FLTP : avutil.AV_SAMPLE_FMT_FLT;
      context.sample_fmt(sampleFormat);
      context.bit_rate(input.channels() == 1 ? MONO_BITRATE_BPS : STEREO_BITRATE_BPS);
      context.time_base(timeBase);
      context.flags(context.flags() | avcodec.AV_CODEC_FLAG_GLOBAL_HEADER);
      Ffmpeg.check(
          avcodec.avcodec_open2(context, codec, (PointerPointer<?>) null),
          "cannot open " + encoderName);
      frameSize = context.frame_size();
      frame.format(sampleFormat).sample_rate(rateHz).nb_samples(frameSize);
      frame.ch_layout(layout);
      Ffmpeg.check(avutil.av_frame_get_buffer(frame, 0), "av_frame_get_buffer");
      Ffmpeg.check(
          swresample.swr_alloc_set_opts2(
              resampler,
              layout,
              sampleFormat,
              rateHz,
              layout,
              avutil.AV_SAMPLE_FMT_FLT,
              input.sampleRateHz(),
              0,
              null),
          "swr_alloc_set_opts2");
      Ffmpeg.check(swresample.swr_init(resampler), "swr_init");
    }
  }

  /** Must be called once, after the muxer has started. */
  void started() {
    trackTimeBase = track.time_base();
  }

  void encode(float[] interleaved, int frameCount) {
    for (int done = 0; done < frameCount; ) {
      int count = Math.min(CHUNK_FRAMES, frameCount - done);
      chunk.put(interleaved, done * input.channels(), count * input.channels());
      inputFrames += count;
      done += count;
      int made = convert(chunkPlanes, count);
      while (made > 0 && filled == 0) {
        made = convert(chunkPlanes, 0); // What did not fit waits inside the resampler.
      }
    }
  }

  /**
   * Resamples into the frame and encodes it when full, after which {@code filled} is 0.
   *
   * @param from null to draw out the resampler's last samples
   */
  private int convert(@Nullable PointerPointer<FloatPointer> from, int count) {
    makeWritable();
    for (int plane = 0; plane < planes(); plane++) {
      framePlanes.put(plane, frame.data(plane).getPointer((long) filled * sampleBytes()));
    }
    int made =
        Ffmpeg.check(
            swresample.swr_convert(resampler, framePlanes, frameSize - filled, from, count),
            "swr_convert");
    filled += made;
    if (filled == frameSize) {
      send();
    }
    return made;
  }

  private int planes() {
    return planar ? input.channels() : 1;
  }

  /** What one moment takes in each plane. */
  private int sampleBytes() {
    return planar ? Float.BYTES : Float.BYTES * input.channels();
  }

  private void makeWritable() {
    Ffmpeg.check(avutil.av_frame_make_writable(frame), "av_frame_make_writable");
  }

  /**
   * Writes what is still held back; the track is as long as the sound given, or longer.
   *
   * @param atLeastSeconds shorter sound is followed by silence up to here
   */
  void finish(double atLeastSeconds) {
    long wanted =
        Math.max(
            Math.round((double) inputFrames * rateHz / input.sampleRateHz()),
            Math.round(atLeastSeconds * rateHz));
    while (encodedFrames + filled < wanted && convert(null, 0) > 0) {
      // Each round takes some of the resampler's tail.
    }
    while (encodedFrames < wanted) {
      appendSilence();
      filled = (int) Math.min(frameSize, wanted - encodedFrames);
      send();
    }
    Ffmpeg.check(avcodec.avcodec_send_frame(context, null), "avcodec_send_frame");
    drain();
  }

  private void appendSilence() {
    makeWritable();
    for (int plane = 0; plane < planes(); plane++) {
      BytePointer samples = frame.data(plane);
      for (long at = (long) filled * sampleBytes();
          at < (long) frameSize * sampleBytes();
          at += Float.BYTES) {
        samples.putFloat(at, 0f);
      }
    }
  }

  private void send() {
    frame.nb_samples(filled);
    frame.pts(encodedFrames);
    encodedFrames += filled;
    filled = 0;
    Ffmpeg.check(avcodec.avcodec_send_frame(context, frame), "avcodec_send_frame");
    drain();
    frame.nb_samples(frameSize);
  }

  private void drain() {
    while (true) {
      int code = avcodec.avcodec_receive_packet(context, packet);
      if (code == avutil.AVERROR_EAGAIN() || code == avutil.AVERROR_EOF) {
        return;
      }
      Ffmpeg.check(code, "avcodec_receive_packet");
      muxer.write(packet, track, timeBase, trackTimeBase);
    }
  }

  @Override
  public void close() {
    avcodec.av_packet_free(packet);
    avutil.av_frame_free(frame);
    avcodec.avcodec_free_context(context);
    swresample.swr_free(resampler);
    framePlanes.close();
    chunkPlanes.close();
    chunk.close();
  }
}
