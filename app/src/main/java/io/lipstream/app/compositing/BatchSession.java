package io.lipstream.app.compositing;

import com.google.protobuf.ByteString;
import io.lipstream.compositing.Compositor;
import io.lipstream.inference.server.FeatureRows;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.Resampler;
import io.lipstream.media.audio.SpeechFeatures;
import io.lipstream.media.avatar.AvatarFrame;
import io.lipstream.media.lipsync.MouthGenerator;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.streaming.still.StillSettings;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What the batch service remembers of a caller between calls: the sound so far and the colours at
 * the seam, so that nothing jumps where two batches meet.
 *
 * <p>Used by one call at a time, under its lock; closing frees it.
 */
final class BatchSession implements AutoCloseable {
  /** A minute of features ahead of the frames. */
  private static final int MAX_ROWS = 1500;

  private static final int ENCODER_BATCH = 16;

  /** Of features, whatever the avatar's own pace. */
  private static final int FRAMES_PER_SECOND = 25;

  private final Actors.Use use;
  private final Compositor compositor;
  private final I420Frame picture;
  private final Stills stills;
  private final FeatureRows rows = new FeatureRows(FeatureRows.MAX_LOOK_AHEAD, MAX_ROWS);
  private final SpeechFeatures features;
  private @Nullable Resampler resampler;
  private int rateHz;

  /** Samples that came since the beginning of the sound, at its own rate. */
  private long heardSamples;

  /** Number of the next frame in the sound, and its place in the avatar's loop. */
  private long nextFrame;

  private long nextStart = -1;
  private boolean overflown;
  private byte @Nullable [] mouth;
  private long usedNanos = System.nanoTime();
  private boolean closed;

  /**
   * A caller who has said nothing yet.
   *
   * @param use closed with this
   */
  BatchSession(Actors.Use use, StillSettings still) {
    this.use = use;
    Actor actor = use.actor();
    compositor = actor.newCompositor();
    picture = actor.newPicture();
    stills = new Stills(actor, still);
    features =
        new SpeechFeatures(
            actor.audioEncoder(),
            ENCODER_BATCH,
            new SpeechFeatures.Listener() {
              @Override
              public void frame(long index, float[] audioWindow) {}

              @Override
              public void feature(long index, float[] values) {
                overflown |= !rows.add(values);
              }
            });
    rows.begin(0);
  }

  Actor actor() {
    return use.actor();
  }

  boolean isClosed() {
    return closed;
  }

  /** How long nobody has called. */
  long unusedNanos() {
    return System.nanoTime() - usedNanos;
  }

  void touch() {
    usedNanos = System.nanoTime();
  }

  /** Says which frames come; sound goes on where they follow those of the call before. */
  void begin(long start, int newRateHz) {
    if (!follows(start) || newRateHz != rateHz || overflown) {
      restart(newRateHz);
    }
    nextStart = start;
  }

  /** Callers count on, or begin again with the avatar's loop. */
  private boolean follows(long start) {
    return start == nextStart
        || (nextStart > 0 && start == nextStart % actor().manifest().idlePeriod());
  }

  private void restart(int newRateHz) {
    if (resampler != null) {
      resampler.close();
    }
    rateHz = newRateHz;
    resampler = new Resampler(new PcmFormat(newRateHz, 1), features::push);
    features.reset();
    rows.begin(0);
    heardSamples = 0;
    nextFrame = 0;
    overflown = false;
  }

  /** Takes the next sound. */
  void hear(ByteString bytes) {
    Resampler into = resampler;
    if (into == null) {
      throw new IllegalStateException("begin() comes first");
    }
    // Who brought less than the frames so far last was silent meanwhile.
    int missing = (int) Math.max(0, nextFrame * rateHz / FRAMES_PER_SECOND - heardSamples);
    into.push(new float[missing], missing);
    FloatBuffer floats =
        bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    float[] samples = new float[floats.remaining()];
    floats.get(samples);
    for (int i = 0; i < samples.length; i++) {
      // What is no number would stay in the features for good.
      samples[i] = Float.isFinite(samples[i]) ? Math.clamp(samples[i], -1, 1) : 0;
    }
    into.push(samples, samples.length);
    heardSamples += missing + samples.length;
    features.flush();
  }

  /** Whether more sound came ahead of its frames than is kept. */
  boolean isOverflown() {
    return overflown;
  }

  /** The windows of the next frames, side by side. */
  float[] windows(int count) {
    float[] windows = new float[count * MouthGenerator.AUDIO_WINDOW_FLOATS];
    float[] window = new float[MouthGenerator.AUDIO_WINDOW_FLOATS];
    for (int i = 0; i < count; i++) {
      rows.copyWindowNow(nextFrame + i, window);
      System.arraycopy(window, 0, windows, i * window.length, window.length);
    }
    return windows;
  }

  /** So many frames were shown. */
  void advance(int count) {
    nextStart += count;
    nextFrame += count;
    rows.forgetBefore(nextFrame);
  }

  /** Takes a mouth, planes B, G, R, which is shown until the next one. */
  void hold(byte[] newMouth) {
    mouth = newMouth;
  }

  /**
   * A finished picture; at rest as long as no mouth was ever drawn.
   *
   * @param quality of JPEG
   */
  ByteString draw(int avatarFrame, int quality) {
    AvatarFrame under = actor().frame(avatarFrame);
    I420Frame shown = under.picture();
    if (mouth != null) {
      compositor.paste(under.picture(), under.rect(), mouth, 0, 1, picture);
      shown = picture;
    }
    stills.quality(quality);
    return stills.encode(shown, under);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      if (resampler != null) {
        resampler.close();
      }
      stills.close();
      use.close();
    }
  }
}
