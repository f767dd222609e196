package io.lipstream.media.talk;

import io.lipstream.media.LipstreamException;

/** Turns speech into text. Thread-safe. */
public interface SpeechRecognizer extends AutoCloseable {

  /**
   * Begins to listen to one utterance; never waits.
   *
   * @param listener told by a thread of the recogniser
   */
  Utterance open(Listener listener);

  /** Gives up what is being recognised. */
  @Override
  void close();

  /** One person's speech from beginning to end; one owner, but anyone may close it. */
  interface Utterance extends AutoCloseable {

    /**
     * Takes the next sound; copies it and never waits.
     *
     * @param mono16k samples in [-1, 1] at 16 kHz
     */
    void push(float[] mono16k, int offset, int count);

    /** Says that all was pushed; the listener hears the end of it later. */
    void finish();

    /** Gives it up: the listener is told nothing more than what it is just being told. */
    @Override
    void close();
  }

  /** Hears what was understood; its calls come one after the other and must not wait. */
  interface Listener {

    /** What the utterance is so far, all of it; some recognisers never tell. */
    default void partial(String text) {}

    /** All of it, after finish(); empty when nothing was understood. The last call. */
    void heard(String text);

    /** It cannot be recognised. The last call; may come before finish(). */
    void failed(LipstreamException failure);
  }
}
