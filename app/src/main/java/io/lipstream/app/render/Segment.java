package io.lipstream.app.render;

import io.lipstream.media.lipsync.MouthGenerator;
import java.util.Arrays;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * A few consecutive video frames on their way from features to the sink, with the sound that
 * belongs under them.
 *
 * <p>Allocated once and recycled. Owners in turn: the planning thread fills it, one generator
 * worker draws its mouths and calls {@link #drawn()}, the writing thread awaits that, writes it out
 * and gives it back. Whoever does not own it does not touch it.
 */
final class Segment {
  /** Frames in a full segment: one batch for the generator. */
  static final int FRAMES = 4;

  final float[] audioWindows = new float[FRAMES * MouthGenerator.AUDIO_WINDOW_FLOATS];
  final byte[] mouths;

  /** For each frame the avatar's frame under it. */
  final int[] avatarFrames = new int[FRAMES];

  /** For each frame how much of the drawn mouth is seen, 0 to 1; 0 needs no drawing. */
  final float[] mouthWeights = new float[FRAMES];

  /** For each frame the place of its mouth in {@link #mouths}, or -1. */
  final int[] mouthSlots = new int[FRAMES];

  /** The avatar frames of the mouths to draw, in slot order. */
  final int[] drawnFrames = new int[FRAMES];

  int frameCount;
  int mouthCount;

  /** Interleaved samples of this stretch of time. */
  float[] sound = new float[0];

  int soundFrames;
  @Nullable RuntimeException failure;

  private final Semaphore drawn = new Semaphore(0);

  Segment(int roiPx) {
    this.mouths = new byte[FRAMES * 3 * roiPx * roiPx];
  }

  void clear() {
    frameCount = 0;
    mouthCount = 0;
    soundFrames = 0;
    failure = null;
  }

  /**
   * Appends a frame.
   *
   * @param window its audio window, copied, or null where no mouth is to be drawn
   */
  void add(int avatarFrame, float mouthWeight, float @Nullable [] window) {
    int i = frameCount++;
    avatarFrames[i] = avatarFrame;
    mouthWeights[i] = mouthWeight;
    if (window == null) {
      mouthSlots[i] = -1;
      return;
    }
    int slot = mouthCount++;
    mouthSlots[i] = slot;
    drawnFrames[slot] = avatarFrame;
    System.arraycopy(
        window,
        0,
        audioWindows,
        slot * MouthGenerator.AUDIO_WINDOW_FLOATS,
        MouthGenerator.AUDIO_WINDOW_FLOATS);
  }

  /** Appends sound. */
  void addSound(float[] interleaved, int offset, int frames, int channels) {
    int count = frames * channels;
    int held = soundFrames * channels;
    if (sound.length < held + count) {
      sound = Arrays.copyOf(sound, Math.max(FRAMES * count, held + count));
    }
    System.arraycopy(interleaved, offset, sound, held, count);
    soundFrames += frames;
  }

  boolean full() {
    return frameCount == FRAMES;
  }

  /** Says that the mouths are there, or why not. */
  void drawn() {
    drawn.release();
  }

  /** Waits for the mouths; rethrows what kept the worker from drawing them. */
  void awaitDrawn() throws InterruptedException {
    drawn.acquire();
    if (failure != null) {
      throw failure;
    }
  }
}
