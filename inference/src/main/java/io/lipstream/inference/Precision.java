package io.lipstream.inference;

/** Which of an avatar's generator files is run. */
public enum Precision {
  /** The one of 16 bits on a GPU, where the avatar has it; the one of 32 bits otherwise. */
  AUTO,
  FP32,
  FP16
}
