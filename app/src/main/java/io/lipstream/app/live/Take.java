package io.lipstream.app.live;

import io.lipstream.compositing.SpeechGate;
import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.Resampler;
import io.lipstream.media.audio.SpeechFeatures;
import io.lipstream.media.talk.VoiceActivity;
import io.lipstream.streaming.live.EncodedSound;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Turns a stretch of sound without gaps into moments: what is heard in each, and what the mouth
 * needs to know.
 *
 * <p>A moment is known when its audio window and its mouth's weight are, about half a second of
 * sound later or what the line's look-ahead says, or at the end. Of sound from outside a voice
 * activity decides too whether it moves the mouth. One thread; closing frees the resamplers.
 */
final class Take implements AutoCloseable {
  private static final int FPS = 25;
  private static final int ENCODER_BATCH = 4;

  /** Where a line begins, in samples at 48 kHz. */
  private record Mark(Line line, long sample) {}

  private final Line line;
  private final PcmFormat format;
  private final Resampler toFeatures;
  private final Resampler toSound;
  private final SpeechFeatures features;
  private final SpeechGate gate;
  private final VoiceActivity.@Nullable Stream voice;
  private final Deque<Mark> marks = new ArrayDeque<>();

  /** Windows whose moment still lacks a weight, and spare arrays for the next. */
  private final Deque<float[]> windows = new ArrayDeque<>();

  private final Deque<float[]> spareWindows = new ArrayDeque<>();

  /** Sound of the moments to come. */
  private float[] sound = new float[EncodedSound.RATE_HZ];

  private int soundStart;
  private int soundEnd;
  private long soundCount;
  private long planned;
  private long limit = Long.MAX_VALUE;

  /**
   * A take without sound.
   *
   * @param first whose sound comes first
   * @param activity tells whether sound from outside is a voice
   */
  Take(AudioEncoder encoder, Line first, PcmFormat format, VoiceActivity activity) {
    line = first;
    this.format = format;
    if (first.isText()) {
      voice = null;
      gate = new SpeechGate(FPS);
    } else {
      voice = activity.open();
      gate = new SpeechGate(FPS, first.lookAhead.gateMillis(), voice);
    }
    features =
        new SpeechFeatures(
            encoder,
            ENCODER_BATCH,
            first.lookAhead.repeatedFeatures(),
            (index, window) -> keep(window));
    toFeatures =
        new Resampler(
            format,
            (mono, count) -> {
              gate.push(mono, 0, count);
              features.push(mono, count);
            });
    toSound = new Resampler(format, EncodedSound.RATE_HZ, this::store);
  }

  /** Whether a line's sound goes on where this one's ends. */
  boolean continuesWith(Line next, PcmFormat nextFormat) {
    return next.continues(line) && nextFormat.equals(format);
  }

  /** Whether its sound is only being made. */
  boolean isLive() {
    return line.live;
  }

  /** The next sound begins a line. */
  void begin(Line line) {
    marks.add(new Mark(line, soundCount));
  }

  void hear(float[] interleaved, int frames) {
    toSound.push(interleaved, frames);
    toFeatures.push(interleaved, frames);
  }

  /** Makes known what can be without more sound. */
  void flush() {
    features.flush();
  }

  /** No more sound comes; all that is left becomes known. */
  void finish() {
    toSound.finish();
    toFeatures.finish();
    gate.finish();
    features.finish();
    limit = Math.max(1, Math.ceilDiv(soundCount, Moment.SAMPLES));
  }

  boolean isFinished() {
    return limit != Long.MAX_VALUE;
  }

  /** Whether every moment was taken. */
  boolean isOver() {
    return planned >= limit;
  }

  /** Moments whose audio windows are there. */
  int windowsAhead() {
    return windows.size();
  }

  /** Whether the next moment is known. */
  boolean ready() {
    return !isOver() && (isFinished() || (!windows.isEmpty() && gate.ready()));
  }

  /** Fills in the next moment, which must be ready, all but its time. */
  void next(Moment moment) {
    float[] window = windows.poll();
    moment.weight = window == null ? 0 : gate.next();
    if (window != null) {
      System.arraycopy(window, 0, moment.window, 0, window.length);
      spareWindows.add(window);
    }
    moment.begins = null;
    long end = (planned + 1) * Moment.SAMPLES;
    for (Mark mark = marks.peek(); mark != null && mark.sample() < end; mark = marks.peek()) {
      moment.begins = mark.line();
      moment.beginsAt = (int) (mark.sample() - planned * Moment.SAMPLES);
      marks.remove();
    }
    int count = Math.min(Moment.SAMPLES, soundEnd - soundStart);
    System.arraycopy(sound, soundStart, moment.sound, 0, count);
    Arrays.fill(moment.sound, count, Moment.SAMPLES, 0);
    soundStart += count;
    planned++;
  }

  private void keep(float[] window) {
    float[] copy = spareWindows.poll();
    if (copy == null) {
      copy = new float[window.length];
    }
    System.arraycopy(window, 0, copy, 0, window.length);
    windows.add(copy);
  }

  private void store(float[] mono, int count) {
    if (soundEnd + count > sound.length) {
      int waiting = soundEnd - soundStart;
      float[] to = waiting + count > sound.length ? new float[2 * (waiting + count)] : sound;
      System.arraycopy(sound, soundStart, to, 0, waiting);
      sound = to;
      soundStart = 0;
      soundEnd = waiting;
    }
    System.arraycopy(mono, 0, sound, soundEnd, count);
    soundEnd += count;
    soundCount += count;
  }

  @Override
  public void close() {
    toFeatures.close();
    toSound.close();
    if (voice != null) {
      voice.close();
    }
  }
}
