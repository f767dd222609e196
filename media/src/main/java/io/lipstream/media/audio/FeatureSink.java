package io.lipstream.media.audio;

/** Takes the results of one stage of the feature chain in order, one array at a time. */
@FunctionalInterface
public interface FeatureSink {
  /**
   * Takes the next result.
   *
   * @param index counts from 0 within the utterance
   * @param values the stage's own buffer, overwritten after this call returns
   */
  void accept(long index, float[] values);
}
