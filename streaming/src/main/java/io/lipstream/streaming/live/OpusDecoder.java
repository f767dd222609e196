package io.lipstream.streaming.live;

import io.lipstream.media.Ffmpeg;
import io.lipstream.media.LipstreamException;
import io.lipstream.streaming.ffmpeg.NativeMemory;
import io.lipstream.streaming.ffmpeg.NativePacket;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avutil.AVChannelLayout;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Decodes Opus packets into one channel of 48 kHz, and invents what a lost one may have held.
 *
 * <p>FFmpeg has no call for a lost packet. A packet that consists of nothing but its first byte
 * means the same to libopus (RFC 6716, section 3.2.1: a frame of no bytes): it goes on with what it
 * last heard and fades it out. The copy of a lost packet that the next one may carry is out of
 * reach this way.
 *
 * <p>Owned by one thread at a time. Nothing is allocated on the Java side for a packet. Packets may
 * come from anyone: libopus checks them, and one that it refuses counts as lost.
 */
public final class OpusDecoder implements AutoCloseable {
  /** The longest packet holds 120 ms. */
  public static final int MAX_SAMPLES = EncodedSound.RATE_HZ * 120 / 1000;

  /** One frame for each packet, the last two bits of its first byte. */
  private static final int ONE_FRAME = ~0b11;

  /** Speech, wide band, 20 ms: concealed as silence as long as nothing was heard. */
  private static final byte NOTHING_YET = (byte) (9 << 3);

  private final AVCodecContext context;
  private final AVFrame frame = avutil.av_frame_alloc();
  private final NativePacket packet = new NativePacket();
  private final byte[] lost = {NOTHING_YET};

  /** Known only after FFmpeg was loaded, so not a constant of the class. */
  private final int dataOffset = Pointer.offsetof(AVFrame.class, "data");

  private int lastSamples = EncodedSound.SAMPLES;
  private boolean closed;

  /**
   * Opens a decoder.
   *
   * @throws LipstreamException ENVIRONMENT if FFmpeg has no libopus
   */
  public static OpusDecoder open() {
    Ffmpeg.load();
    AVCodec codec = avcodec.avcodec_find_decoder_by_name("libopus");
    if (codec == null) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "this build of FFmpeg has no decoder libopus",
          Ffmpeg.USE_SHIPPED);
    }
    return new OpusDecoder(codec);
  }

  private OpusDecoder(AVCodec codec) {
    context = avcodec.avcodec_alloc_context3(codec);
    try (AVChannelLayout mono = new AVChannelLayout()) {
      avutil.av_channel_layout_default(mono, 1);
      context.ch_layout(mono);
      context.sample_rate(EncodedSound.RATE_HZ);
      context.request_sample_fmt(avutil.AV_SAMPLE_FMT_FLT);
      Ffmpeg.check(
          avcodec.avcodec_open2(context, codec, (PointerPointer<?>) null), "cannot open libopus");
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Decodes a packet; one that is no Opus packet is concealed like a lost one.
   *
   * @param out takes up to {@link #MAX_SAMPLES} samples
   * @return how many it took
   */
  public int decode(byte[] data, int offset, int length, float[] out) {
    requireRoom(out);
    int samples = length < 1 ? -1 : decoded(data, offset, length, out, 0);
    if (samples < 0) {
      return conceal(out);
    }
    lost[0] = (byte) (data[offset] & ONE_FRAME);
    lastSamples = samples;
    return samples;
  }

  /**
   * Invents sound in the place of a packet that never came, as long as the last one that did.
   *
   * @param out takes up to {@link #MAX_SAMPLES} samples
   * @return how many it took
   */
  public int conceal(float[] out) {
    requireRoom(out);
    int done = 0;
    while (done < lastSamples) {
      int samples = decoded(lost, 0, 1, out, done);
      if (samples <= 0) {
        throw new IllegalStateException("libopus does not conceal: " + lost[0]);
      }
      done += samples;
    }
    return done;
  }

  private static void requireRoom(float[] out) {
    if (out.length < MAX_SAMPLES) {
      throw new IllegalArgumentException(
          "room for " + out.length + " samples, a packet may hold " + MAX_SAMPLES);
    }
  }

  /** Returns less than 0 for what libopus refuses. */
  private int decoded(byte[] data, int offset, int length, float[] out, int outOffset) {
    if (closed) {
      throw new IllegalStateException("the decoder is closed");
    }
    packet.fill(data, offset, length);
    if (avcodec.avcodec_send_packet(context, packet.packet()) < 0
        || avcodec.avcodec_receive_frame(context, frame) < 0) {
      return -1;
    }
    int samples = Math.min(frame.nb_samples(), out.length - outOffset);
    NativeMemory.read(
        NativeMemory.pointerAt(frame.address() + dataOffset), out, outOffset, samples);
    return samples;
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
