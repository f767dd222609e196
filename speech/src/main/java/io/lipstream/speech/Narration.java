package io.lipstream.speech;

import io.lipstream.media.audio.PcmFormat;

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

    /** The next samples, interleaved; the array is the listener's from now on. */
    void sound(float[] interleaved) throws InterruptedException;
  }
}
