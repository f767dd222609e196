package io.lipstream.media.talk;

/** Hears a person's turns, told by the thread that pushes the person's sound; must not wait. */
public interface TurnListener {

  /** The person speaks; while the avatar does too, this is a barge-in and no echo. */
  void userStarted();

  /**
   * The turn's next sound, the pre-roll first; the array is overwritten after the call.
   *
   * @param mono16k samples in [-1, 1] at 16 kHz
   */
  void userSpoke(float[] mono16k, int offset, int count);

  /** The turn is over. */
  void userStopped();
}
