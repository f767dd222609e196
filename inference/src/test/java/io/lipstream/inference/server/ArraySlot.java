package io.lipstream.inference.server;

import io.lipstream.inference.TensorSlot;
import java.nio.FloatBuffer;

/** A tensor's place in an array, in tests that have no network. */
final class ArraySlot implements TensorSlot {
  private final float[] values;

  ArraySlot(float[] values) {
    this.values = values;
  }

  @Override
  public int floats() {
    return values.length;
  }

  @Override
  public void put(int offset, float[] source, int from, int count) {
    System.arraycopy(source, from, values, offset, count);
  }

  @Override
  public void put(int offset, FloatBuffer source, int count) {
    source.get(source.position(), values, offset, count);
  }

  @Override
  public void get(int offset, float[] target, int from, int count) {
    System.arraycopy(values, offset, target, from, count);
  }

  @Override
  public void get(int offset, FloatBuffer target, int count) {
    target.put(target.position(), values, offset, count);
  }
}
