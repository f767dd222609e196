package io.lipstream.app.render;

import java.util.Arrays;

/**
 * Sound that waits for the pictures that belong to it.
 *
 * <p>Holds as much as features lag behind the sound, about a second; it grows to that once and is
 * then reused. One thread.
 */
final class SoundQueue {
  private final int channels;
  private float[] samples = new float[0];
  private int start;
  private int end;

  SoundQueue(int channels) {
    this.channels = channels;
  }

  void add(float[] interleaved, int frames) {
    int count = frames * channels;
    if (end + count > samples.length) {
      System.arraycopy(samples, start, samples, 0, end - start);
      end -= start;
      start = 0;
      if (end + count > samples.length) {
        samples = Arrays.copyOf(samples, Math.max(end + count, 2 * samples.length));
      }
    }
    System.arraycopy(interleaved, 0, samples, end, count);
    end += count;
  }

  int frames() {
    return (end - start) / channels;
  }

  /** Moves up to so many frames into the segment. */
  void moveTo(Segment segment, long frames) {
    int count = (int) Math.min(frames, frames()) * channels;
    if (segment.sound.length < count) {
      segment.sound = new float[count];
    }
    System.arraycopy(samples, start, segment.sound, 0, count);
    segment.soundFrames = count / channels;
    start += count;
  }
}
