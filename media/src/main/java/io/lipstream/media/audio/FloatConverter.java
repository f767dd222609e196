package io.lipstream.media.audio;

import io.lipstream.media.Ffmpeg;
import org.bytedeco.ffmpeg.avutil.AVChannelLayout;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swresample;
import org.bytedeco.ffmpeg.swresample.SwrContext;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Turns decoded frames of any sample format into interleaved floats of one or two channels.
 *
 * <p>The first frame settles rate and channels; should the stream change them, later frames are
 * converted to these. Samples of 16 bits become exactly value / 32768. One owner, who closes it.
 */
final class FloatConverter implements AutoCloseable {
  private static final int MAX_CHANNELS = 2;

  private final SwrContext context = new SwrContext(null);
  private final AVChannelLayout inLayout = new AVChannelLayout();
  private final PointerPointer<FloatPointer> outPlane = new PointerPointer<>(1);
  private FloatPointer nativeOut = new FloatPointer(1);
  private float[] out = new float[1];

  private int inSampleFormat = avutil.AV_SAMPLE_FMT_NONE;
  private int inRateHz;
  private int outRateHz;
  private int outChannels;

  int rateHz() {
    return outRateHz;
  }

  int channels() {
    return outChannels;
  }

  /** The converted samples, until the next call of {@link #convert}. */
  float[] samples() {
    return out;
  }

  /**
   * Converts one frame.
   *
   * @return frames now in {@link #samples}
   * @throws IllegalStateException if FFmpeg knows no way from these channels to stereo
   */
  int convert(AVFrame frame) {
    if (differs(frame)) {
      configure(frame);
    }
    int room = swresample.swr_get_out_samples(context, frame.nb_samples());
    reserve(Ffmpeg.check(room, "size the converted sound") * outChannels);
    int count =
        swresample.swr_convert(context, outPlane, room, frame.extended_data(), frame.nb_samples());
    nativeOut.get(out, 0, Ffmpeg.check(count, "convert decoded sound") * outChannels);
    return count;
  }

  private boolean differs(AVFrame frame) {
    return frame.format() != inSampleFormat
        || frame.sample_rate() != inRateHz
        || avutil.av_channel_layout_compare(frame.ch_layout(), inLayout) != 0;
  }

  private void configure(AVFrame frame) {
    inSampleFormat = frame.format();
    inRateHz = frame.sample_rate();
    Ffmpeg.check(
        avutil.av_channel_layout_copy(inLayout, frame.ch_layout()), "copy a channel layout");
    int inChannels = inLayout.nb_channels();
    if (outRateHz == 0) {
      outRateHz = inRateHz;
      outChannels = Math.min(inChannels, MAX_CHANNELS);
    }
    try (AVChannelLayout from = new AVChannelLayout();
        AVChannelLayout to = new AVChannelLayout()) {
      boolean meaningKnown = inLayout.order() != avutil.AV_CHANNEL_ORDER_UNSPEC;
      if (inChannels > MAX_CHANNELS && meaningKnown) {
        Ffmpeg.check(avutil.av_channel_layout_copy(from, inLayout), "copy a channel layout");
      } else {
        avutil.av_channel_layout_default(from, inChannels);
      }
      avutil.av_channel_layout_default(to, outChannels);
      Ffmpeg.check(
          swresample.swr_alloc_set_opts2(
              context,
              to,
              avutil.AV_SAMPLE_FMT_FLT,
              outRateHz,
              from,
              inSampleFormat,
              inRateHz,
              0,
              null),
          "set up the sample converter");
      // Without it a loud surround mix exceeds full scale.
      avutil.av_opt_set_double(context, "rematrix_maxval", 1, 0);
      Ffmpeg.check(
          swresample.swr_init(context), "convert " + inChannels + " channels to " + outChannels);
      avutil.av_channel_layout_uninit(from);
    }
  }

  private void reserve(int floats) {
    if (floats > out.length) {
      nativeOut.close();
      nativeOut = new FloatPointer(floats);
      out = new float[floats];
    }
    outPlane.put(0, nativeOut);
  }

  @Override
  public void close() {
    swresample.swr_free(context);
    avutil.av_channel_layout_uninit(inLayout);
    inLayout.close();
    outPlane.close();
    nativeOut.close();
  }
}
