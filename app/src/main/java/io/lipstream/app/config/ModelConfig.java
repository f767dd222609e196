package io.lipstream.app.config;

/**
 * What is said of one model by name; models of the catalogue need no entry.
 *
 * @param modelPath its file or folder under models_root; empty for the one named by its id
 * @param preload whether it is loaded at start
 * @param preferredGpu the device it is put on where there is room, -1 for any
 * @param batching its own, which starts from the general one
 */
public record ModelConfig(
    String modelPath, boolean preload, int preferredGpu, BatchingConfig batching) {
  static final ModelConfig DEFAULT = new ModelConfig("", false, -1, BatchingConfig.DEFAULT);

  public ModelConfig {
    Check.range("preferred_gpu", preferredGpu, -1, 63);
  }

  ModelConfig withBatching(BatchingConfig own) {
    return new ModelConfig(modelPath, preload, preferredGpu, own);
  }
}
