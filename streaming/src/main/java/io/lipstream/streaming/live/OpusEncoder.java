package io.lipstream.streaming.live;

import io.lipstream.media.Ffmpeg;
import io.lipstream.streaming.ffmpeg.NativeMemory;
import io.lipstream.streaming.ffmpeg.NativePacket;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avutil.AVChannelLayout;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;

/**
 * Encodes speech into Opus packets of 20 ms, each with a coarse copy of the one before for
 * receivers that missed it.
 *
 * <p>Opus delays sound by {@link #DELAY_NANOS}, and receivers of a live stream do not cut this away
 * as players of files do. A packet's moment is therefore that much before the moment of the samples
 * it was made from, so that these are heard when they should be.
 *
 * <p>Owned by one thread at a time. Nothing is allocated on the Java side for a packet.
 */
public final class OpusEncoder implements AutoCloseable {
  /** Room for speech in full bandwidth and its copy. */
  public static final int BITRATE_BPS = 40_000;

  /** 4 ms of looking ahead for speech and 2.5 ms of overlap: 312 samples. */
  public static final long DELAY_NANOS = 6_500_000;

  private static final int DELAY_SAMPLES = 312;

  /** How often packets are thought to be lost; decides how many bits the copies get. */
  private static final String LOSS_PERCENT = "10";

  /**
   * Of 10. At this bit rate more changes nothing that can be measured in decoded speech (log
   * spectral distance 5.0 dB from 1 to 10), and 6 takes 1.3 times as long; below, tones that end
   * abruptly spill into other bands.
   */
  private static final int COMPLEXITY = 5;

  private final AVCodecContext context;
  private final AVFrame frame = avutil.av_frame_alloc();
  private final NativePacket packet = new NativePacket();
  private final EncodedSound encoded = new EncodedSound();
  private long samplesAddress;
  private long sampleCount;
  private boolean closed;

  /**
   * Opens an encoder.
   *
   * @throws io.lipstream.media.LipstreamException ENVIRONMENT if FFmpeg has no libopus
   */
  public static OpusEncoder open() {
    return new OpusEncoder(Ffmpeg.encoder("libopus", Ffmpeg.USE_SHIPPED));
  }

  private OpusEncoder(AVCodec codec) {
    context = avcodec.avcodec_alloc_context3(codec);
    AVDictionary options = new AVDictionary(null);
    try (AVChannelLayout mono = new AVChannelLayout();
        AVRational timeBase = avutil.av_make_q(1, EncodedSound.RATE_HZ)) {
      avutil.av_channel_layout_default(mono, 1);
      context.sample_rate(EncodedSound.RATE_HZ).sample_fmt(avutil.AV_SAMPLE_FMT_FLT);
      context.ch_layout(mono);
      context.bit_rate(BITRATE_BPS);
      context.time_base(timeBase);
      context.compression_level(COMPLEXITY);
      avutil.av_dict_set(options, "application", "voip", 0);
      avutil.av_dict_set(options, "frame_duration", "20", 0);
      avutil.av_dict_set(options, "fec", "1", 0);
      avutil.av_dict_set(options, "packet_loss", LOSS_PERCENT, 0);
      Ffmpeg.check(avcodec.avcodec_open2(context, codec, options), "cannot open libopus");
      if (context.initial_padding() != DELAY_SAMPLES) {
        throw new IllegalStateException(
            "libopus delays by %d samples, not by %d"
                .formatted(context.initial_padding(), DELAY_SAMPLES));
      }
      frame.format(avutil.AV_SAMPLE_FMT_FLT).nb_samples(EncodedSound.SAMPLES);
      frame.sample_rate(EncodedSound.RATE_HZ).ch_layout(mono);
      Ffmpeg.check(avutil.av_frame_get_buffer(frame, 0), "av_frame_get_buffer");
      samplesAddress = frame.data(0).address();
    } catch (RuntimeException e) {
      close();
      throw e;
    } finally {
      avutil.av_dict_free(options);
    }
  }

  /**
   * Encodes the next 20 ms.
   *
   * @param mono48k has {@link EncodedSound#SAMPLES} samples in [-1, 1] from offset on
   * @param ptsNanos when the first of them is to be heard
   * @return this encoder's own object, valid until the next call
   */
  public EncodedSound encode(float[] mono48k, int offset, long ptsNanos) {
    if (closed) {
      throw new IllegalStateException("the encoder is closed");
    }
    if (avutil.av_frame_is_writable(frame) == 0) {
      Ffmpeg.check(avutil.av_frame_make_writable(frame), "av_frame_make_writable");
      samplesAddress = frame.data(0).address();
    }
    NativeMemory.write(mono48k, offset, samplesAddress, EncodedSound.SAMPLES);
    frame.pts(sampleCount);
    sampleCount += EncodedSound.SAMPLES;
    Ffmpeg.check(avcodec.avcodec_send_frame(context, frame), "avcodec_send_frame");
    Ffmpeg.check(
        avcodec.avcodec_receive_packet(context, packet.packet()), "avcodec_receive_packet");
    encoded.begin(packet.byteCount(), ptsNanos - DELAY_NANOS);
    packet.read(encoded.data());
    return encoded;
  }

  /** Frees the native memory; further calls do nothing. */
  @Override
  public void close() {
    closed = true;
    avcodec.avcodec_free_context(context);
    avutil.av_frame_free(frame);
    packet.close();
  }
}
