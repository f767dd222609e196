package io.lipstream.media.audio;

import java.util.ArrayList;
import java.util.List;

/** A sink that keeps copies of all it is given and insists on consecutive indices. */
final class Collected implements FeatureSink {
  final List<float[]> all = new ArrayList<>();

  @Override
  public void accept(long index, float[] values) {
    if (index != all.size()) {
      throw new AssertionError("index " + index + " after " + all.size() + " results");
    }
    all.add(values.clone());
  }

  float[][] array() {
    return all.toArray(new float[0][]);
  }
}
