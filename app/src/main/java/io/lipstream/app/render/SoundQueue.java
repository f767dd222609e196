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

  /** Holds what was taken last, until more is added. */
  float[] samples() {
    return samples;
  }

  /** Takes so many frames, of those there are; returns where they begin in the samples. */
  int take(int frames) {
    int from = start;
    start += frames * channels;
    return from;
  }
}
