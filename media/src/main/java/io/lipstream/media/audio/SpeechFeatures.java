package io.lipstream.media.audio;

/**
 * Everything between speech at 16 kHz and the generator's audio windows: mel rows, mel windows, the
 * audio encoder in batches, feature windows.
 *
 * <p>Streaming, in constant memory, for files and live sessions alike. An utterance is any number
 * of {@link #push} calls and one {@link #finish}; {@link #reset} starts the next. What comes out
 * depends on the samples alone, never on how they were cut into pushes, if the encoder's results do
 * not depend on the batch. One owner; the listener is called on the pushing thread.
 */
public final class SpeechFeatures {
  private static final int WINDOW_FLOATS = AudioEncoder.WINDOW_FLOATS;
  private static final int FEATURE_FLOATS = AudioEncoder.FEATURE_FLOATS;

  /** Hears what the chain computes; arrays are overwritten after each call returns. */
  @FunctionalInterface
  public interface Listener {
    /**
     * The window of the next video frame, 25 a second from the first sample on.
     *
     * @param index counts from 0 within the utterance
     * @param audioWindow [16][512], as the generator takes it
     */
    void frame(long index, float[] audioWindow);

    /** The next row of 80 mel levels. */
    default void mel(long index, float[] levels) {}

    /** The audio encoder's next output of 512 floats. */
    default void feature(long index, float[] values) {}
  }

  private final AudioEncoder encoder;
  private final int maxBatch;
  private final Listener listener;
  private final MelExtractor mel;
  private final MelWindows melWindows;
  private final FeatureWindows featureWindows;

  /** Mel windows that wait for the encoder; {@link #waiting} of them. */
  private final float[] batch;

  private final float[] encoded;
  private final float[] feature = new float[FEATURE_FLOATS];
  private int waiting;
  private long featureCount;

  /**
   * A chain at the start of an utterance.
   *
   * @param encoder stays the caller's to close
   * @param maxBatch windows to collect before the encoder is called: 32 is right for a file; a live
   *     session takes fewer, or calls {@link #flush}
   */
  public SpeechFeatures(AudioEncoder encoder, int maxBatch, Listener listener) {
    this(encoder, maxBatch, 0, listener);
  }

  /**
   * As the other, for windows that leave sooner.
   *
   * @param repeatedFeatures of each window, that are not waited for, as for {@link FeatureWindows}
   */
  public SpeechFeatures(
      AudioEncoder encoder, int maxBatch, int repeatedFeatures, Listener listener) {
    if (maxBatch < 1) {
      throw new IllegalArgumentException("maxBatch must be at least 1, not " + maxBatch);
    }
    this.encoder = encoder;
    this.maxBatch = maxBatch;
    this.listener = listener;
    this.batch = new float[maxBatch * WINDOW_FLOATS];
    this.encoded = new float[maxBatch * FEATURE_FLOATS];
    this.featureWindows = new FeatureWindows(listener::frame, repeatedFeatures);
    this.melWindows = new MelWindows((index, window) -> enqueue(window));
    this.mel =
        new MelExtractor(
            (index, row) -> {
              listener.mel(index, row);
              melWindows.accept(index, row);
            });
  }

  /** Takes the next samples, mono at 16 kHz in [-1, 1], from index 0. */
  public void push(float[] samples, int count) {
    mel.push(samples, count);
  }

  /** Encodes the windows that still wait for their batch to fill, so that no frame lags. */
  public void flush() {
    if (waiting == 0) {
      return;
    }
    int count = waiting;
    waiting = 0;
    encoder.encode(count, batch, encoded);
    for (int i = 0; i < count; i++) {
      System.arraycopy(encoded, i * FEATURE_FLOATS, feature, 0, FEATURE_FLOATS);
      listener.feature(featureCount, feature);
      featureWindows.accept(featureCount, feature);
      featureCount++;
    }
  }

  /** Ends the utterance and yields all that is left of it. */
  public void finish() {
    mel.finish();
    melWindows.finish();
    flush();
    featureWindows.finish();
  }

  /** Forgets the utterance, finished or not, and starts another. */
  public void reset() {
    mel.reset();
    melWindows.reset();
    featureWindows.reset();
    waiting = 0;
    featureCount = 0;
  }

  /** The video frames that an utterance of so many samples yields in all. */
  public static long frameCount(long samples) {
    long rows = 1 + Math.max(samples, MelExtractor.MIN_SAMPLES) / MelExtractor.HOP_SAMPLES;
    return MelWindows.count(rows) + 2;
  }

  private void enqueue(float[] window) {
    System.arraycopy(window, 0, batch, waiting * WINDOW_FLOATS, WINDOW_FLOATS);
    waiting++;
    if (waiting == maxBatch) {
      flush();
    }
  }
}
