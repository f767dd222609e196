package io.lipstream.app.load;

/** What came to a viewer and when, up to one moment; presentation times are the sender's. */
final class Arrivals {
  private final long[] pictureNanos;
  private final long[] picturePresentationNanos;
  private final long[] soundNanos;
  private final long[] soundPresentationNanos;
  private final long[] audibleNanos;

  /**
   * The arrays are this object's from now on, and nobody writes to them.
   *
   * @param picturePresentationNanos of each picture; {@link Long#MIN_VALUE} where it is not known
   * @param soundPresentationNanos of each packet of sound, likewise
   * @param audibleNanos when those came that were more than silence
   */
  Arrivals(
      long[] pictureNanos,
      long[] picturePresentationNanos,
      long[] soundNanos,
      long[] soundPresentationNanos,
      long[] audibleNanos) {
    this.pictureNanos = pictureNanos;
    this.picturePresentationNanos = picturePresentationNanos;
    this.soundNanos = soundNanos;
    this.soundPresentationNanos = soundPresentationNanos;
    this.audibleNanos = audibleNanos;
  }

  long[] pictureNanos() {
    return pictureNanos;
  }

  long[] picturePresentationNanos() {
    return picturePresentationNanos;
  }

  long[] soundNanos() {
    return soundNanos;
  }

  long[] soundPresentationNanos() {
    return soundPresentationNanos;
  }

  long[] audibleNanos() {
    return audibleNanos;
  }
}
