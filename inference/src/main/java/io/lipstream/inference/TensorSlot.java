package io.lipstream.inference;

import java.nio.FloatBuffer;

/**
 * One frame's place in a tensor's memory, written and read as float whatever the network's type.
 */
public interface TensorSlot {

  /** How many values the frame has here. */
  int floats();

  void put(int offset, float[] source, int from, int count);

  /** Writes count values from the buffer's position on. */
  void put(int offset, FloatBuffer source, int count);

  void get(int offset, float[] target, int from, int count);

  /** Reads count values into the buffer from its position on. */
  void get(int offset, FloatBuffer target, int count);
}
