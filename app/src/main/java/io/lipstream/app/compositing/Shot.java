package io.lipstream.app.compositing;

import com.google.protobuf.ByteString;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.PictureTensor.Values;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.inference.lipsync.MouthFrame;
import io.lipstream.media.lipsync.MouthGenerator;

/**
 * One frame from its plan until it is sent. Its stream's thread fills and reads it; the engine
 * draws the mouth meanwhile and then says so.
 */
final class Shot {
  /** How far its mouth is. */
  enum State {
    /** None is wanted: the avatar rests. */
    RESTING,
    QUEUED,
    DRAWN,
    /** It came too late, or not at all. */
    MISSING
  }

  final float[] window = new float[MouthGenerator.AUDIO_WINDOW_FLOATS];
  final MouthFrame frame;

  /** Planes B, G, R; changes hands with the pose that is held. */
  byte[] mouth;

  long number;
  int avatarFrame;
  float weight;
  ByteString sound = ByteString.EMPTY;
  long featuresNanos;

  /** Whether it is the last of its utterance. */
  boolean last;

  volatile State state = State.RESTING;
  volatile Outcome outcome = Outcome.COMPUTED;
  volatile long waitNanos;
  private final Runnable ended;
  private long submittedNanos;

  /**
   * A shot of nothing.
   *
   * @param ended told, by another thread, when the mouth is there or will not come
   */
  Shot(GeneratorSpec spec, Runnable ended) {
    this.ended = ended;
    frame = new MouthFrame(spec, Values.UINT8, this::done);
    mouth = new byte[frame.mouthBytes()];
  }

  /** Makes the frame ready to be submitted. */
  void ask(Actor actor) {
    frame.show(actor.frames(), avatarFrame);
    frame.hear(window, 0);
    frame.draw(mouth, 0);
    state = State.QUEUED;
    submittedNanos = System.nanoTime();
  }

  @SuppressWarnings("unused") // what the engine tells beside the outcome is counted there
  private void done(MouthFrame done, Outcome how, long queueNanos, long nanos, int batch) {
    waitNanos = System.nanoTime() - submittedNanos;
    outcome = how;
    state = how == Outcome.COMPUTED ? State.DRAWN : State.MISSING;
    ended.run();
  }
}
