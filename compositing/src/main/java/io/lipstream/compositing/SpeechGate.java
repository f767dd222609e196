package io.lipstream.compositing;

import io.lipstream.media.talk.VoiceActivity;
import org.jspecify.annotations.Nullable;

/**
 * Decides from the avatar's own voice, frame by frame, how much of the generated mouth is shown: 1
 * while it speaks, 0 while it rests with the mouth of its frames. A frame of weight 0 needs no
 * inference.
 *
 * <p>Every 10 ms (a hop) the sound is loud or quiet. Quiet becomes loud above an opening level,
 * loud becomes quiet 6 dB below it or at -50 dBFS. The opening level is the highest of three:
 *
 * <ul>
 *   <li>-48 dBFS: silence and faint noise never open the mouth;
 *   <li>32 dB under the voice's recent level, which falls by 3 dB a second;
 *   <li>10 dB over the noise, the quietest moment of the last three seconds, taken as -38 dBFS at
 *       most so that a sustained vowel is not mistaken for noise.
 * </ul>
 *
 * <p>From these hops follows speech:
 *
 * <pre>
 *   RESTING --loud--> STARTING --30 ms loud--> SPEAKING --quiet--> PAUSING --200 ms quiet--> RESTING
 *                     STARTING --quiet--> RESTING        PAUSING --loud--> SPEAKING
 * </pre>
 *
 * <p>A click shorter than 30 ms is no speech, and a stop within a word, shorter than 200 ms, is.
 * STARTING and PAUSING are settled in retrospect, from their first hop on. Lips move before the
 * sound: the weight rises from 120 ms to 20 ms before speech starts and falls during the 80 ms
 * after it ended, so that the frame on screen 120 ms after the last sound rests. Hence the
 * look-ahead: a frame's weight is known {@link #LOOK_AHEAD_MILLIS} of sound after the frame's
 * beginning.
 *
 * <p>Sound from outside may be noise or music: then a {@link VoiceActivity} has its say too, and a
 * hop is loud only where it heard a voice at most 50 ms before or soon after, as far ahead as there
 * is sound.
 *
 * <p>With less look-ahead a pause is decided sooner, so that the mouth begins to close in stops,
 * and lips move less before the sound.
 *
 * <p>Memory is constant as long as weights are read; one thread at a time.
 */
public final class SpeechGate {
  /** Sound that must follow a frame's beginning before its weight is known. */
  public static final int LOOK_AHEAD_MILLIS = 210;

  private static final int HOPS_PER_SECOND = 100;
  private static final int START_HOPS = 3;
  private static final int MOST_PAUSE_HOPS = 20;
  private static final int MOST_LEAD_HOPS = 12;
  private static final int RISE_HOPS = 10;
  private static final int FALL_HOPS = 8;

  /** The network needs to hear a word's beginning for so long before it is sure of it. */
  private static final int MOST_VOICE_AHEAD_HOPS = 13;

  private static final int VOICE_AFTER_HOPS = 5;

  /** From here on it is a voice, and until it is less likely than that. */
  private static final float VOICE_BEGINS = 0.5f;

  private static final float VOICE_ENDS = 0.35f;

  /** Far more than lies between the oldest fade and the newest hop, at any frame rate. */
  private static final int HISTORY_HOPS = 512;

  private enum State {
    RESTING,
    STARTING,
    SPEAKING,
    PAUSING
  }

  private final int framesPerSecond;
  private final int pauseHops;
  private final int leadHops;
  private final Loudness loudness = new Loudness();
  private final VoiceActivity.@Nullable Stream voice;
  private final int voiceAheadHops;

  /** Samples of the voice activity's next window. */
  private final float[] voiceWindow = new float[VoiceActivity.WINDOW_SAMPLES];

  private int voiceSamples;
  private boolean voiceHeard;

  /** Hops whose sound the voice activity has judged whole. */
  private long voiceHops;

  /** The last sample it judged. */
  private long voiceEnd;

  private final boolean[] voiced = new boolean[HISTORY_HOPS];
  private final boolean[] loudHops = new boolean[HISTORY_HOPS];

  /** Hops of which it is known whether they are loud. */
  private long hops;

  private State state = State.RESTING;

  /** Hops heard so far. */
  private long heard;

  /** Hops settled so far: all but those of a STARTING or PAUSING under way. */
  private long settled;

  /** Whether a settled hop was speech, at [hop mod HISTORY_HOPS]. */
  private final boolean[] speech = new boolean[HISTORY_HOPS];

  /** The next frame without a weight. */
  private long frame;

  private float[] weights = new float[64];
  private int weightsRead;
  private int weightsWritten;
  private boolean finished;

  /** Opens a gate, at rest, for the voice at 16 kHz in one channel. */
  public SpeechGate(int framesPerSecond) {
    this(framesPerSecond, LOOK_AHEAD_MILLIS, null);
  }

  /**
   * Opens a gate for sound from outside.
   *
   * @param lookAheadMillis sound that follows a frame's beginning before its weight is known, at
   *     least 100; 210 and another 160 for the voice are as good as more
   * @param voice which stays the caller's to close; null to trust the loudness
   */
  public SpeechGate(
      int framesPerSecond, int lookAheadMillis, VoiceActivity.@Nullable Stream voice) {
    if (framesPerSecond < 1) {
      throw new IllegalArgumentException(
          "frames per second must be 1 or more, not " + framesPerSecond);
    }
    if (lookAheadMillis < 100) {
      throw new IllegalArgumentException("look-ahead must be 100 ms or more: " + lookAheadMillis);
    }
    this.framesPerSecond = framesPerSecond;
    this.voice = voice;
    int aheadHops = lookAheadMillis / 10;
    pauseHops = Math.min(MOST_PAUSE_HOPS, aheadHops - 1);
    leadHops = Math.min(MOST_LEAD_HOPS, aheadHops - 3);
    voiceAheadHops = Math.clamp(aheadHops - MOST_PAUSE_HOPS - 4, 0, MOST_VOICE_AHEAD_HOPS);
  }

  /** Hears the next samples, in [-1, 1], in pieces of any size. */
  public void push(float[] samples, int offset, int count) {
    if (finished) {
      throw new IllegalStateException("sound after the end of the sound");
    }
    for (int i = offset; i < offset + count; i++) {
      boolean hop = loudness.push(samples[i]);
      if (voice != null) {
        listen(voice, samples[i]);
      }
      if (hop) {
        loudHops[slot(hops)] = loudness.loud();
        hops++;
        hearKnown();
      }
    }
  }

  /** Declares that silence follows: every later weight is known. */
  public void finish() {
    if (!finished) {
      while (heard < hops) {
        hear(isLoud(heard));
      }
      settle(state == State.SPEAKING);
      finished = true;
    }
  }

  /** Whether the next frame's weight is known. */
  public boolean ready() {
    return finished || weightsRead < weightsWritten;
  }

  /** Returns the weight, 0 to 1, of the next frame in order; after finish() without end. */
  public float next() {
    if (weightsRead < weightsWritten) {
      return weights[weightsRead++];
    }
    if (!finished) {
      throw new IllegalStateException("the weight of frame " + frame + " needs more sound");
    }
    return weightAt(hopOf(frame++));
  }

  private void listen(VoiceActivity.Stream activity, float sample) {
    voiceWindow[voiceSamples++] = sample;
    if (voiceSamples < voiceWindow.length) {
      return;
    }
    voiceSamples = 0;
    float probability = activity.probability(voiceWindow, 0);
    voiceHeard = probability >= (voiceHeard ? VOICE_ENDS : VOICE_BEGINS);
    voiceEnd += voiceWindow.length;
    for (long hop = voiceHops; hop * Loudness.HOP_SAMPLES < voiceEnd; hop++) {
      boolean begun = hop * Loudness.HOP_SAMPLES < voiceEnd - voiceWindow.length;
      voiced[slot(hop)] = voiceHeard || (begun && voiced[slot(hop)]);
    }
    voiceHops = voiceEnd / Loudness.HOP_SAMPLES;
  }

  private void hearKnown() {
    while (heard < hops && (voice == null || heard + voiceAheadHops < voiceHops)) {
      hear(isLoud(heard));
      queueKnownWeights();
    }
  }

  private boolean isLoud(long hop) {
    if (voice == null || !loudHops[slot(hop)]) {
      return loudHops[slot(hop)];
    }
    long last = Math.min(hop + voiceAheadHops, voiceHops - 1);
    for (long near = Math.max(0, hop - VOICE_AFTER_HOPS); near <= last; near++) {
      if (voiced[slot(near)]) {
        return true;
      }
    }
    // The last few hops of the sound share the end of what was judged.
    return hop >= voiceHops && voiceHeard;
  }

  private static int slot(long hop) {
    return (int) (hop % HISTORY_HOPS);
  }

  private void hear(boolean loud) {
    heard++;
    switch (state) {
      case RESTING -> {
        if (loud) {
          state = State.STARTING;
        } else {
          settle(false);
        }
      }
      case STARTING -> {
        if (!loud) {
          state = State.RESTING;
          settle(false);
        } else if (heard - settled >= START_HOPS) {
          state = State.SPEAKING;
          settle(true);
        }
      }
      case SPEAKING -> {
        if (loud) {
          settle(true);
        } else {
          state = State.PAUSING;
        }
      }
      case PAUSING -> {
        if (loud) {
          state = State.SPEAKING;
          settle(true);
        } else if (heard - settled >= pauseHops) {
          state = State.RESTING;
          settle(false);
        }
      }
    }
  }

  private void settle(boolean asSpeech) {
    for (; settled < heard; settled++) {
      speech[slot(settled)] = asSpeech;
    }
  }

  private void queueKnownWeights() {
    for (long at = hopOf(frame); known(at); at = hopOf(frame)) {
      if (weightsWritten == weights.length) {
        makeRoom();
      }
      weights[weightsWritten++] = weightAt(at);
      frame++;
    }
  }

  /** Moves unread weights to the front; grows only for a caller who does not read. */
  private void makeRoom() {
    int unread = weightsWritten - weightsRead;
    float[] to = unread > weights.length / 2 ? new float[2 * weights.length] : weights;
    System.arraycopy(weights, weightsRead, to, 0, unread);
    weights = to;
    weightsRead = 0;
    weightsWritten = unread;
  }

  private long hopOf(long frameNumber) {
    return frameNumber * HOPS_PER_SECOND / framesPerSecond;
  }

  private boolean known(long at) {
    return at < settled && (isSpeech(at) || at + leadHops < settled);
  }

  private float weightAt(long at) {
    if (isSpeech(at)) {
      return 1;
    }
    float rising = 0;
    for (int ahead = 1; ahead <= leadHops && rising == 0; ahead++) {
      rising = isSpeech(at + ahead) ? smooth(leadHops - ahead, RISE_HOPS) : 0;
    }
    float falling = 0;
    for (int since = 0; since < FALL_HOPS && falling == 0; since++) {
      falling = isSpeech(at - 1 - since) ? smooth(FALL_HOPS - since, FALL_HOPS) : 0;
    }
    return Math.max(rising, falling);
  }

  private boolean isSpeech(long at) {
    return at >= 0 && at < settled && speech[slot(at)];
  }

  /** From 0 to 1 over the length of a fade, without corners. */
  private static float smooth(int hops, int fadeHops) {
    float t = Math.min(1f, (float) hops / fadeHops);
    return t * t * (3 - 2 * t);
  }
}
