package io.lipstream.inference;

/** What computes the networks. */
public enum Provider {
  CPU,
  /** An NVIDIA device; needs the {@code gpu} build profile, CUDA 12 and cuDNN 9. */
  CUDA,
  /** The same devices through TensorRT, which compiles a network for them when it is loaded. */
  TENSORRT
}
