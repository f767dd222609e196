package io.lipstream.media.audio;

import static java.util.Objects.checkFromIndexSize;

import io.lipstream.media.Ffmpeg;
import java.util.Arrays;
import java.util.function.ObjIntConsumer;
import org.bytedeco.ffmpeg.avutil.AVChannelLayout;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swresample;
import org.bytedeco.ffmpeg.swresample.SwrContext;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/**
 * Brings sound of any rate to mono at another rate, 16 kHz where nothing else is said, as the
 * features are computed from.
 *
 * <p>Stereo becomes the mean of its channels before anything else. The output is aligned with the
 * input (FFmpeg's swresample starts with half its filter mirrored) and is exactly round(frames *
 * out rate / in rate) samples long. Mono sound of the right rate already passes through bit by bit.
 * One owner, who closes it.
 */
public final class Resampler implements AutoCloseable {
  private static final int SLICE_FRAMES = 4096;

  private final PcmFormat input;
  private final int outRateHz;
  private final ObjIntConsumer<float[]> output;
  private final @Nullable Converter converter;
  private final float[] mono = new float[SLICE_FRAMES];

  private long inFrames;
  private long outSamples;
  private boolean finished;

  /**
   * A resampler at the start of a sound.
   *
   * @param output receives (samples, count); the array is overwritten after the call returns.
   *     {@code speechFeatures::push} fits
   */
  public Resampler(PcmFormat input, ObjIntConsumer<float[]> output) {
    this(input, PcmFormat.FEATURES.sampleRateHz(), output);
  }

  /** As the other, to any rate. */
  public Resampler(PcmFormat input, int outRateHz, ObjIntConsumer<float[]> output) {
    this.input = input;
    this.outRateHz = outRateHz;
    this.output = output;
    this.converter =
        input.sampleRateHz() == outRateHz ? null : new Converter(input.sampleRateHz(), outRateHz);
  }

  /**
   * Takes the next sound.
   *
   * @param interleaved samples from index 0, channels interleaved as the input format says
   */
  public void push(float[] interleaved, int frameCount) {
    checkFromIndexSize(0, frameCount * input.channels(), interleaved.length);
    requireUnfinished();
    for (int done = 0; done < frameCount; ) {
      int count = Math.min(SLICE_FRAMES, frameCount - done);
      toMono(interleaved, done, count);
      inFrames += count;
      done += count;
      if (converter == null) {
        give(mono, count);
      } else {
        give(converter.out, converter.convert(mono, count));
      }
    }
  }

  /** Yields what the filter still holds. */
  public void finish() {
    requireUnfinished();
    finished = true;
    if (converter != null) {
      int count;
      while ((count = converter.drain()) > 0) {
        give(converter.out, count);
      }
      Arrays.fill(converter.out, 0);
      while (outSamples < wantedSamples()) {
        give(converter.out, converter.out.length);
      }
    }
  }

  private void requireUnfinished() {
    if (finished) {
      throw new IllegalStateException("finished: a new sound needs a new resampler");
    }
  }

  private void toMono(float[] interleaved, int firstFrame, int count) {
    if (input.channels() == 1) {
      System.arraycopy(interleaved, firstFrame, mono, 0, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      int at = 2 * (firstFrame + i);
      mono[i] = (interleaved[at] + interleaved[at + 1]) / 2;
    }
  }

  private long wantedSamples() {
    return Math.round((double) inFrames * outRateHz / input.sampleRateHz());
  }

  /** Passes samples on, but at the end none beyond the sound's own length. */
  private void give(float[] samples, int count) {
    int allowed = finished ? (int) Math.min(count, wantedSamples() - outSamples) : count;
    if (allowed > 0) {
      outSamples += allowed;
      output.accept(samples, allowed);
    }
  }

  @Override
  public void close() {
    if (converter != null) {
      converter.close();
    }
  }

  /** The native side: mono floats from one rate to another. */
  private static final class Converter implements AutoCloseable {
    private final SwrContext context = new SwrContext(null);
    private final FloatPointer nativeIn = new FloatPointer(SLICE_FRAMES);
    private final FloatPointer nativeOut;
    private final PointerPointer<FloatPointer> inPlane = new PointerPointer<>(1);
    private final PointerPointer<FloatPointer> outPlane = new PointerPointer<>(1);
    private final float[] out;

    Converter(int inRateHz, int outRateHz) {
      Ffmpeg.load();
      out = new float[(int) ((long) SLICE_FRAMES * outRateHz / inRateHz) + SLICE_FRAMES];
      nativeOut = new FloatPointer(out.length);
      inPlane.put(0, nativeIn);
      outPlane.put(0, nativeOut);
      try (AVChannelLayout mono = new AVChannelLayout()) {
        avutil.av_channel_layout_default(mono, 1);
        Ffmpeg.check(
            swresample.swr_alloc_set_opts2(
                context,
                mono,
                avutil.AV_SAMPLE_FMT_FLT,
                outRateHz,
                mono,
                avutil.AV_SAMPLE_FMT_FLT,
                inRateHz,
                0,
                null),
            "set up the resampler");
      }
      Ffmpeg.check(swresample.swr_init(context), "start the resampler from " + inRateHz + " Hz");
    }

    int convert(float[] samples, int count) {
      nativeIn.put(samples, 0, count);
      return collect(swresample.swr_convert(context, outPlane, out.length, inPlane, count));
    }

    int drain() {
      return collect(swresample.swr_convert(context, outPlane, out.length, null, 0));
    }

    private int collect(int result) {
      int count = Ffmpeg.check(result, "resample");
      nativeOut.get(out, 0, count);
      return count;
    }

    @Override
    public void close() {
      swresample.swr_free(context);
      nativeIn.close();
      nativeOut.close();
      inPlane.close();
      outPlane.close();
    }
  }
}
