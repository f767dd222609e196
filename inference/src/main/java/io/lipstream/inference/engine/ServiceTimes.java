package io.lipstream.inference.engine;

/**
 * How long a model's batches take, by their size, as measured.
 *
 * <p>Starts from the two sizes that were timed when the model was loaded and then follows what the
 * device really does. A size that was not seen for long moves along with those that were: the whole
 * table follows an eighth of each surprise, the size itself half as much again. Guarded by its
 * device.
 */
final class ServiceTimes {
  /** Below this a larger batch is not worth waiting for. */
  private static final double WORTHWHILE = 1.25;

  private static final double OUTLIER = 8;

  private final double[] nanos;

  /**
   * Starts from two measured sizes.
   *
   * @param maxFrames the largest batch, from 1
   */
  ServiceTimes(int maxFrames, long oneFrameNanos, long maxFramesNanos) {
    nanos = new double[maxFrames + 1];
    double one = Math.max(1.0, (double) oneFrameNanos);
    double all = Math.max(one, (double) maxFramesNanos);
    for (int frames = 1; frames <= maxFrames; frames++) {
      double share = maxFrames == 1 ? 0 : (frames - 1.0) / (maxFrames - 1.0);
      nanos[frames] = one + share * (all - one);
    }
  }

  void observe(int frames, long measuredNanos) {
    double surprise =
        Math.clamp(Math.max(1, measuredNanos) / nanos[frames], 1 / OUTLIER, OUTLIER) - 1;
    scale(1 + surprise / 8);
    nanos[frames] *= 1 + surprise / 16;
  }

  /** Nobody computed, so nothing was measured: an estimate that was too high must not stay so. */
  void doubt() {
    scale(0.98);
  }

  private void scale(double factor) {
    for (int frames = 1; frames < nanos.length; frames++) {
      nanos[frames] *= factor;
    }
  }

  long of(int frames) {
    return (long) nanos[Math.min(frames, nanos.length - 1)];
  }

  /** What one frame takes of a worker when so many are computed together. */
  double perFrame(int frames) {
    int size = Math.min(frames, nanos.length - 1);
    return nanos[size] / size;
  }

  boolean batchesPay() {
    return perFrame(1) > WORTHWHILE * perFrame(nanos.length - 1);
  }
}
