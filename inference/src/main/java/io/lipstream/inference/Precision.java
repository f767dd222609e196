package io.lipstream.inference;

/** Which of an avatar's generator files is run. */
public enum Precision {
  /**
   * What the device computes fastest, where the avatar has it: 16 bits on a GPU, 8 bits on a
   * processor; 32 bits otherwise.
   */
  AUTO,
  FP32,
  FP16,
  INT8
}
