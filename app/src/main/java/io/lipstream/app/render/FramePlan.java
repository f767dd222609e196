package io.lipstream.app.render;

import io.lipstream.compositing.SpeechGate;
import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.audio.LookAhead;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.Resampler;
import io.lipstream.media.audio.SpeechFeatures;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.RestingMouth;
import io.lipstream.media.lipsync.MouthGenerator;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Turns sound into frames: how much of which mouth at which moment, and the sound under it.
 *
 * <p>A frame is planned when both its audio window and its mouth weight are known, about half a
 * second of sound later or what the look-ahead says. Silence needs no window: such a frame shows
 * the avatar's resting mouth. One thread; closing frees the resampler.
 */
public final class FramePlan implements AutoCloseable {
  private static final int ENCODER_BATCH = 16;

  /** Takes what is planned; arrays are used again after each call. */
  public interface Target {
    /**
     * The next frame.
     *
     * @param number from 0 on
     * @param window its audio window [16][512], or null where no mouth is to be drawn
     * @param sound interleaved samples, of which its own begin at soundOffset
     */
    void frame(
        long number,
        float mouthWeight,
        float @Nullable [] window,
        float[] sound,
        int soundOffset,
        int soundFrames);

    /** All frames were planned; what is left of the sound is less than another. */
    void end(float[] sound, int soundOffset, int soundFrames);
  }

  private final PcmFormat format;
  private final int fps;
  private final RestingMouth restingMouth;
  private final Target target;
  private final Resampler resampler;
  private final SpeechFeatures features;
  private final SpeechGate gate;
  private final SoundQueue sound;

  /** Windows whose frame still lacks a weight, and spare arrays for the next. */
  private final Deque<float[]> windows = new ArrayDeque<>();

  private final Deque<float[]> spareWindows = new ArrayDeque<>();

  /** What the generator hears in silence, where the frames themselves do not rest. */
  private final float[] silence;

  private long framesPlanned;
  private long soundAdded;
  private long soundPlanned;

  /**
   * A plan at the start of an utterance.
   *
   * @param encoder stays the caller's to close
   * @param manifest of the avatar that speaks
   * @param format of the sound
   */
  public FramePlan(AudioEncoder encoder, AvatarManifest manifest, PcmFormat format, Target target) {
    this(encoder, manifest, format, LookAhead.EXACT, target);
  }

  /** As the other, with frames that may leave sooner. */
  public FramePlan(
      AudioEncoder encoder,
      AvatarManifest manifest,
      PcmFormat format,
      LookAhead lookAhead,
      Target target) {
    this.format = format;
    this.target = target;
    fps = manifest.fps();
    restingMouth = manifest.restingMouth();
    resampler = new Resampler(format, this::hear);
    features =
        new SpeechFeatures(
            encoder, ENCODER_BATCH, lookAhead.repeatedFeatures(), (index, window) -> keep(window));
    gate = new SpeechGate(fps, lookAhead.gateMillis(), null);
    sound = new SoundQueue(format.channels());
    silence = windowOfSilence(encoder);
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
  public void add(float[] interleaved, int frames) {
    sound.add(interleaved, frames);
    soundAdded += frames;
    resampler.push(interleaved, frames);
    planKnownFrames(Long.MAX_VALUE);
  }

  /** Plans what can be planned without more sound. */
  public void flush() {
    features.flush();
    planKnownFrames(Long.MAX_VALUE);
  }

  /** Plans the rest: as many frames in all as the sound is long. */
  public void finish() {
    resampler.finish();
    gate.finish();
    features.finish();
    long frames = Math.max(1, Math.round((double) soundAdded * fps / format.sampleRateHz()));
    planKnownFrames(frames);
    while (framesPlanned < frames) {
      plan(0, silence);
    }
    int left = sound.frames();
    target.end(sound.samples(), sound.take(left), left);
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
    long number = framesPlanned++;
    long soundUntil = framesPlanned * format.sampleRateHz() / fps;
    int soundFrames = (int) Math.min(soundUntil - soundPlanned, sound.frames());
    soundPlanned += soundFrames;
    int soundOffset = sound.take(soundFrames);
    switch (restingMouth) {
      case FRAMES ->
          target.frame(
              number,
              weight,
              weight > 0 ? window : null,
              sound.samples(),
              soundOffset,
              soundFrames);
      // These frames show a talking mouth, so the generator's is always seen in full.
      case GENERATOR ->
          target.frame(
              number, 1, weight > 0 ? window : silence, sound.samples(), soundOffset, soundFrames);
    }
  }

  @Override
  public void close() {
    resampler.close();
  }
}
