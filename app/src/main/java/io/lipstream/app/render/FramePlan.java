package io.lipstream.app.render;

import io.lipstream.compositing.SpeechGate;
import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.Resampler;
import io.lipstream.media.audio.SpeechFeatures;
import io.lipstream.media.lipsync.MouthGenerator;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Turns sound into segments: which avatar frame at which moment, with how much of which mouth, and
 * the sound under it.
 *
 * <p>A frame is planned when both its audio window and its mouth weight are known, about half a
 * second of sound later. Silence needs no window: such a frame shows the avatar's resting mouth.
 * One thread; closing frees the resampler.
 */
final class FramePlan implements AutoCloseable {
  private static final int ENCODER_BATCH = 16;

  private final RenderPipeline.Cast cast;
  private final PcmFormat format;
  private final Supplier<Segment> free;
  private final Consumer<Segment> planned;
  private final Resampler resampler;
  private final SpeechFeatures features;
  private final SpeechGate gate;
  private final SoundQueue sound;

  /** Windows whose frame still lacks a weight, and spare arrays for the next. */
  private final Deque<float[]> windows = new ArrayDeque<>();

  private final Deque<float[]> spareWindows = new ArrayDeque<>();

  /** What the generator hears in silence, where the frames themselves do not rest. */
  private final float[] silence;

  private Segment segment;
  private long framesPlanned;
  private long soundAdded;
  private long soundDispatched;

  FramePlan(
      RenderPipeline.Cast cast,
      PcmFormat format,
      Supplier<Segment> free,
      Consumer<Segment> planned) {
    this.cast = cast;
    this.format = format;
    this.free = free;
    this.planned = planned;
    resampler = new Resampler(format, this::hear);
    features =
        new SpeechFeatures(cast.audioEncoder(), ENCODER_BATCH, (index, window) -> keep(window));
    gate = new SpeechGate(cast.manifest().fps());
    sound = new SoundQueue(format.channels());
    silence = windowOfSilence(cast.audioEncoder());
    segment = free.get();
  }

  private static float[] windowOfSilence(AudioEncoder encoder) {
    float[] mel = new float[AudioEncoder.WINDOW_FLOATS];
    Arrays.fill(mel, -4);
    float[] feature = new float[AudioEncoder.FEATURE_FLOATS];
    encoder.encode(1, mel, feature);
    float[] window = new float[MouthGenerator.AUDIO_WINDOW_FLOATS];
    for (int i = 0; i < window.length; i += feature.length) {
      System.arraycopy(feature, 0, window, i, feature.length);
    }
    return window;
  }

  /** Takes the next sound in the source's format and plans what can be planned. */
  void add(float[] interleaved, int frames) {
    sound.add(interleaved, frames);
    soundAdded += frames;
    resampler.push(interleaved, frames);
    planKnownFrames(Long.MAX_VALUE);
  }

  /** Plans the rest: as many frames in all as the sound is long. */
  void finish() {
    resampler.finish();
    gate.finish();
    features.finish();
    long frames =
        Math.max(
            1, Math.round((double) soundAdded * cast.manifest().fps() / format.sampleRateHz()));
    planKnownFrames(frames);
    while (framesPlanned < frames) {
      plan(0, silence);
    }
    if (segment.frameCount > 0 || sound.frames() > 0) {
      dispatch(sound.frames());
    }
  }

  private void hear(float[] mono, int count) {
    gate.push(mono, 0, count);
    features.push(mono, count);
  }

  private void keep(float[] window) {
    float[] copy = spareWindows.poll();
    if (copy == null) {
      copy = new float[window.length];
    }
    System.arraycopy(window, 0, copy, 0, window.length);
    windows.add(copy);
  }

  private void planKnownFrames(long limit) {
    while (framesPlanned < limit && !windows.isEmpty() && gate.ready()) {
      float[] window = windows.remove();
      plan(gate.next(), window);
      spareWindows.add(window);
    }
  }

  private void plan(float weight, float[] window) {
    int avatarFrame = cast.manifest().idleFrame(framesPlanned);
    switch (cast.manifest().restingMouth()) {
      case FRAMES -> segment.add(avatarFrame, weight, weight > 0 ? window : null);
      // These frames show a talking mouth, so the generator's is always seen in full.
      case GENERATOR -> segment.add(avatarFrame, 1, weight > 0 ? window : silence);
    }
    framesPlanned++;
    if (segment.full()) {
      long soundUntil = framesPlanned * format.sampleRateHz() / cast.manifest().fps();
      dispatch(soundUntil - soundDispatched);
      segment = free.get();
    }
  }

  private void dispatch(long soundFrames) {
    sound.moveTo(segment, soundFrames);
    soundDispatched += segment.soundFrames;
    planned.accept(segment);
  }

  @Override
  public void close() {
    resampler.close();
  }
}
