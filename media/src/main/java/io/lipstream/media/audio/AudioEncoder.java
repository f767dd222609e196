package io.lipstream.media.audio;

/**
 * Turns mel windows into the features the generator listens to.
 *
 * <p>Thread-safe: several sessions may call at once.
 */
public interface AudioEncoder extends AutoCloseable {
  /** Floats of one window: 80 mel bands by 16 rows of time, band-major. */
  int WINDOW_FLOATS = 80 * 16;

  /** Floats of one feature. */
  int FEATURE_FLOATS = 512;

  /**
   * Computes one feature for each window.
   *
   * @param count windows in this call
   * @param melWindows count windows, [count][80][16], normalised to [-4, 4]
   * @param features receives [count][512]
   */
  void encode(int count, float[] melWindows, float[] features);

  @Override
  void close();
}
