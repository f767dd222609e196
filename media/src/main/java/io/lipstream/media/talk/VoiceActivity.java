package io.lipstream.media.talk;

/** Tells speech from other sound. Thread-safe; each {@link Stream} has one owner. */
public interface VoiceActivity extends AutoCloseable {
  /** Samples of one window: 32 ms at 16 kHz. */
  int WINDOW_SAMPLES = 512;

  /** Begins to listen to one person. */
  Stream open();

  /** Ends it; the streams must be closed before. */
  @Override
  void close();

  /** One person's sound, window after window without gaps. */
  interface Stream extends AutoCloseable {

    /**
     * How likely the next window is speech.
     *
     * @param mono16k at least {@link #WINDOW_SAMPLES} samples in [-1, 1] from the offset on, 16 kHz
     * @return 0 to 1
     */
    float probability(float[] mono16k, int offset);

    /** Forgets what was heard, as after a pause of the microphone. */
    void reset();

    @Override
    void close();
  }
}
