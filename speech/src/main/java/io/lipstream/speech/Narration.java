package io.lipstream.speech;

import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.lipsync.SpokenWord;
import java.util.List;

/** Makes the sound of one text, on a thread of its own. */
interface Narration {

  /**
   * Speaks from beginning to end; an interrupt of its thread ends it early.
   *
   * @throws io.lipstream.media.LipstreamException if it cannot
   * @throws InterruptedException if nobody listens any more
   */
  void speak(Listener listener) throws InterruptedException;

  /** Takes the sound; waits while too much is unheard. */
  interface Listener {
    /** Told once, before the first sound. */
    void format(PcmFormat format);

    /** The words of the next sound, where the voice times them; frames count from its first. */
    default void words(List<SpokenWord> words) {}

    /** The next samples, interleaved; the array is the listener's from now on. */
    void sound(float[] interleaved) throws InterruptedException;
  }
}
