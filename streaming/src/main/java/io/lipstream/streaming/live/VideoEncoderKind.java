package io.lipstream.streaming.live;

import java.util.List;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.global.avutil;

/** The encoders that FFmpeg may have for live pictures, and how each is set up. */
enum VideoEncoderKind {
  /**
   * Fixed speed -12: a third of the time of the same number without the sign, which means something
   * else to VP8. No error resilience: browsers show no picture after a lost one until it was sent
   * again or a keyframe came, so its bits would be wasted.
   *
   * <p>Blocks that hardly differ from the picture before are not searched: at 720p that is a fifth
   * of the time and 0.2 dB of 52. Eight times that bound would save as much again and cost 3 dB.
   */
  LIBVPX("libvpx") {
    @Override
    void configure(AVCodecContext context, AVDictionary options, int bitrateBps) {
      context.rc_min_rate(bitrateBps).rc_max_rate(bitrateBps);
      context.rc_buffer_size(bitrateBps);
      context.rc_initial_buffer_occupancy((int) (bitrateBps * 5L / 6)); // Where it wants to be.
      context.qmin(4).qmax(LIBVPX_COARSEST);
      context.gop_size(Integer.MAX_VALUE).keyint_min(Integer.MAX_VALUE);
      set(options, "deadline", "realtime");
      set(options, "cpu-used", "-12");
      set(options, "lag-in-frames", "0");
      set(options, "auto-alt-ref", "0");
      set(options, "static-thresh", "100");
      set(options, "undershoot-pct", "100");
      set(options, "overshoot-pct", "15");
      set(options, "max-intra-rate", String.valueOf(KEYFRAME_PERCENT));
    }
  },
  /** NVIDIA's, where there is a device that encodes; not all do. */
  NVENC("h264_nvenc") {
    @Override
    void configure(AVCodecContext context, AVDictionary options, int bitrateBps) {
      context.rc_max_rate(bitrateBps);
      context.rc_buffer_size(bitrateBps / 2);
      context.gop_size(Integer.MAX_VALUE).max_b_frames(0);
      set(options, "preset", "p4");
      set(options, "tune", "ull");
      set(options, "rc", "cbr");
      set(options, "profile", "baseline");
      set(options, "zerolatency", "1");
      set(options, "delay", "0");
      set(options, "forced-idr", "1");
    }
  },
  OPENH264("libopenh264") {
    @Override
    void configure(AVCodecContext context, AVDictionary options, int bitrateBps) {
      context.gop_size(0); // No keyframes but those asked for, and at a cut.
      context.slices(1);
      set(options, "profile", "constrained_baseline");
      set(options, "rc_mode", "bitrate");
      set(options, "allow_skip_frames", "0");
    }
  };

  /** A keyframe takes at most the room of so many hundredths of an ordinary picture. */
  private static final int KEYFRAME_PERCENT = 750;

  /** The coarsest quantizer that libvpx may use, of 63. */
  static final int LIBVPX_COARSEST = 56;

  private final String encoderName;

  VideoEncoderKind(String encoderName) {
    this.encoderName = encoderName;
  }

  /** FFmpeg's name of the encoder. */
  String encoderName() {
    return encoderName;
  }

  /** Sets what must be known before it opens. */
  abstract void configure(AVCodecContext context, AVDictionary options, int bitrateBps);

  /** In the order in which they are tried. */
  static List<VideoEncoderKind> of(LiveVideoCodec codec) {
    return switch (codec) {
      case VP8 -> List.of(LIBVPX);
      case H264 -> List.of(NVENC, OPENH264);
    };
  }

  private static void set(AVDictionary options, String name, String value) {
    avutil.av_dict_set(options, name, value, 0);
  }
}
