package io.lipstream.streaming.live;

import io.lipstream.media.Ffmpeg;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.streaming.ffmpeg.NativePacket;
import io.lipstream.streaming.ffmpeg.NativePicture;
import java.util.List;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Encodes live pictures: each comes out at once, on the caller's thread, and a keyframe only where
 * one is asked for (OpenH264 makes one at a cut, too).
 *
 * <p><b>The bitrate</b> changes while it runs. FFmpeg hands a new one on to NVENC alone. libvpx
 * gives each picture as many bits as its rate and the picture's duration make, so the pictures'
 * durations on its own time line are stretched or shortened instead: half the duration, half the
 * bits, and no keyframe. Nobody sees that time line; the pictures' moments are kept here. OpenH264
 * knows no durations: it begins anew with a keyframe, and therefore only for a change that is worth
 * one.
 *
 * <p>Owned by one thread at a time. Nothing is allocated on the Java side for a picture.
 */
public final class VideoEncoder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(VideoEncoder.class);

  /** Fine enough for durations that carry the bitrate. */
  private static final int TIME_UNITS_PER_SECOND = 1_000_000;

  /** What a beginning anew must win or save, as shares of the rate so far. */
  private static final double WORTH_MORE = 1.3;

  private static final double WORTH_LESS = 0.85;

  /** The bound of libvpx's quantizer in keyframes, and from which rate on it is used. */
  private static final int FINE_QUANTIZER = 24;

  private static final double FINE_BITS_PER_PIXEL = 0.1;

  /** Whether NVENC was tried here and is not to be had; asking costs milliseconds each time. */
  private static volatile boolean nvencAbsent;

  private final int framesPerSecond;
  private final NativePicture picture;
  private final NativePacket packet = new NativePacket();
  private final EncodedPicture encoded = new EncodedPicture();
  private final VideoEncoderKind kind;
  private AVCodecContext context;
  private int openedBitrateBps;
  private int bitrateBps;
  private boolean stale;
  private long timeUnits;
  private boolean closed;

  /**
   * Opens an encoder of this codec, the GPU's where it has one.
   *
   * @param widthPx even
   * @param heightPx even
   * @param bitrateBps aimed at until {@link #bitrate} says otherwise
   * @throws LipstreamException ENVIRONMENT if FFmpeg has none
   */
  public static VideoEncoder open(
      LiveVideoCodec codec, int widthPx, int heightPx, int framesPerSecond, int bitrateBps) {
    if (framesPerSecond < 1 || framesPerSecond > 120) {
      throw new IllegalArgumentException(framesPerSecond + " frames a second");
    }
    requirePositive(bitrateBps);
    Ffmpeg.load();
    List<VideoEncoderKind> kinds = VideoEncoderKind.of(codec);
    for (VideoEncoderKind kind : kinds) {
      if (kind == VideoEncoderKind.NVENC && nvencAbsent) {
        continue;
      }
      NativePicture picture = new NativePicture(widthPx, heightPx);
      try {
        return new VideoEncoder(kind, picture, framesPerSecond, bitrateBps);
      } catch (IllegalStateException | LipstreamException e) {
        picture.close();
        if (kind == kinds.getLast()) {
          throw e;
        }
        nvencAbsent = true;
        LOG.info("H.264 is encoded on the CPU: {}", e.getMessage());
      }
    }
    throw new IllegalStateException("no encoder for " + codec);
  }

  private VideoEncoder(
      VideoEncoderKind kind, NativePicture picture, int framesPerSecond, int bitrateBps) {
    this.kind = kind;
    this.picture = picture;
    this.framesPerSecond = framesPerSecond;
    this.bitrateBps = bitrateBps;
    openedBitrateBps = bitrateBps;
    try {
      context = opened();
    } catch (RuntimeException e) {
      packet.close();
      throw e;
    }
  }

  private AVCodecContext opened() {
    AVCodec codec = Ffmpeg.encoder(kind.encoderName(), Ffmpeg.USE_SHIPPED);
    AVCodecContext opening = avcodec.avcodec_alloc_context3(codec);
    AVDictionary options = new AVDictionary(null);
    try (AVRational timeBase = avutil.av_make_q(1, TIME_UNITS_PER_SECOND);
        AVRational rate = avutil.av_make_q(framesPerSecond, 1)) {
      picture.describe(opening);
      opening.time_base(timeBase);
      opening.framerate(rate);
      opening.bit_rate(bitrateBps);
      opening.thread_count(1);
      kind.configure(opening, options, bitrateBps);
      Ffmpeg.check(
          avcodec.avcodec_open2(opening, codec, options),
          "cannot open %s for %dx%d at %d bit/s"
              .formatted(kind.encoderName(), opening.width(), opening.height(), bitrateBps));
    } catch (RuntimeException e) {
      avcodec.avcodec_free_context(opening);
      throw e;
    } finally {
      avutil.av_dict_free(options);
    }
    openedBitrateBps = bitrateBps;
    timeUnits = 0;
    return opening;
  }

  /** FFmpeg's name of the encoder in use. */
  public String name() {
    return kind.encoderName();
  }

  /**
   * Encodes a picture.
   *
   * @param ptsNanos passed through
   * @param keyFrame whether a decoder must be able to begin here
   * @return this encoder's own object, valid until the next call
   */
  public EncodedPicture encode(I420Frame source, long ptsNanos, boolean keyFrame) {
    requireOpen();
    boolean key = keyFrame || stale;
    if (stale) {
      beginAnew();
    }
    picture.fill(source);
    if (kind == VideoEncoderKind.LIBVPX) {
      context.qmax(key ? keyFrameQuantizer() : VideoEncoderKind.LIBVPX_COARSEST);
    }
    picture.frame().pts(timeUnits).duration(duration());
    picture.frame().pict_type(key ? avutil.AV_PICTURE_TYPE_I : avutil.AV_PICTURE_TYPE_NONE);
    timeUnits += duration();
    Ffmpeg.check(avcodec.avcodec_send_frame(context, picture.frame()), "avcodec_send_frame");
    Ffmpeg.check(
        avcodec.avcodec_receive_packet(context, packet.packet()), "avcodec_receive_packet");
    encoded.begin(packet.byteCount(), packet.keyFrame(), ptsNanos);
    packet.read(encoded.data());
    return encoded;
  }

  /**
   * Left alone, libvpx makes keyframes so coarse that the picture visibly flickers wherever one was
   * asked for, and repairs that with the picture after it at four times the size. The bound lies so
   * that both together stay about the same.
   */
  private int keyFrameQuantizer() {
    double bitsPerPixel = (double) bitrateBps / framesPerSecond / picture.pixels();
    double bound = FINE_QUANTIZER + 8 * Math.log(FINE_BITS_PER_PIXEL / bitsPerPixel) / Math.log(2);
    return (int) Math.clamp(bound, FINE_QUANTIZER, VideoEncoderKind.LIBVPX_COARSEST);
  }

  private long duration() {
    double share = kind == VideoEncoderKind.LIBVPX ? (double) bitrateBps / openedBitrateBps : 1;
    return Math.max(1, Math.round(share * TIME_UNITS_PER_SECOND / framesPerSecond));
  }

  private void beginAnew() {
    AVCodecContext fresh = opened();
    avcodec.avcodec_free_context(context);
    context = fresh;
    stale = false;
  }

  /** The rate to aim at from the next picture on. */
  public void bitrate(int bitsPerSecond) {
    requireOpen();
    requirePositive(bitsPerSecond);
    switch (kind) {
      case LIBVPX -> bitrateBps = bitsPerSecond;
      case NVENC -> {
        bitrateBps = bitsPerSecond;
        context.bit_rate(bitsPerSecond).rc_max_rate(bitsPerSecond);
        context.rc_buffer_size(bitsPerSecond / 2);
      }
      case OPENH264 -> {
        if (bitsPerSecond > openedBitrateBps * WORTH_MORE
            || bitsPerSecond < openedBitrateBps * WORTH_LESS) {
          bitrateBps = bitsPerSecond;
          stale = true;
        }
      }
    }
  }

  /** The rate aimed at. */
  public int bitrateBps() {
    return bitrateBps;
  }

  /** Native memory that is gone must not be touched. */
  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the encoder is closed");
    }
  }

  private static void requirePositive(int bitsPerSecond) {
    if (bitsPerSecond < 10_000) {
      throw new IllegalArgumentException(
          "a bitrate of " + bitsPerSecond + " bit/s, at least 10000 are needed");
    }
  }

  /** Frees the native memory; further calls do nothing. */
  @Override
  public void close() {
    closed = true;
    avcodec.avcodec_free_context(context);
    packet.close();
    picture.close();
  }
}
