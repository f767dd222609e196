package io.lipstream.app.live;

import io.lipstream.inference.PictureTensor.Values;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.inference.lipsync.MouthFrame;
import io.lipstream.media.lipsync.MouthGenerator;
import io.lipstream.streaming.live.EncodedSound;
import org.jspecify.annotations.Nullable;

/**
 * One frame's time of speech: its 40 ms of sound, and the mouth that is seen meanwhile.
 *
 * <p>Used again and again, by one utterance after the other ({@link Stage#moment}). The director
 * fills it; from then on it is only read, except by the engine, which draws the mouth and then says
 * so in {@link #mouthState}.
 */
final class Moment {
  static final int SAMPLES = 2 * EncodedSound.SAMPLES;

  /** How far its mouth is. */
  enum MouthState {
    /** None is wanted: the avatar rests, or nobody watches. */
    NONE,
    QUEUED,
    DRAWN,
    /** It came too late, or not at all. */
    MISSING
  }

  final float[] sound = new float[SAMPLES];
  final float[] window = new float[MouthGenerator.AUDIO_WINDOW_FLOATS];
  final byte[] mouth;
  final MouthFrame frame;

  /** Whose mouth it is, and in which of the stage's frames. */
  final Stage stage;

  int frameIndex;

  /** The frame of the clock in which it is presented. */
  long tick;

  /** How much of the mouth is seen, 0 to 1. */
  float weight;

  /** The line whose first sample it holds, if any, and where. */
  @Nullable Line begins;

  int beginsAt;

  volatile MouthState mouthState = MouthState.NONE;

  private volatile LiveEvents.@Nullable Opening opening;

  /** A moment of nobody's utterance. */
  Moment(Stage stage) {
    this.stage = stage;
    frame = new MouthFrame(stage.spec(), Values.UINT8, this::ended);
    mouth = new byte[frame.mouthBytes()];
  }

  /**
   * Is part of an utterance from now on.
   *
   * @param told when a mouth is drawn
   */
  Moment of(LiveEvents.Opening told) {
    opening = told;
    begins = null;
    weight = 0;
    mouthState = MouthState.NONE;
    return this;
  }

  @SuppressWarnings("unused") // the size of the batch is counted by the engine
  private void ended(MouthFrame done, Outcome outcome, long queueNanos, long nanos, int batch) {
    if (outcome == Outcome.COMPUTED) {
      stage.drawn(queueNanos + nanos);
      LiveEvents.Opening told = opening;
      if (told != null) {
        told.reached(LiveEvents.Point.MOUTH);
      }
    }
    mouthState = outcome == Outcome.COMPUTED ? MouthState.DRAWN : MouthState.MISSING;
  }
}
