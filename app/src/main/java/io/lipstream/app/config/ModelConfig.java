package io.lipstream.app.config;

/**
 * What is said of one model by name; models of the catalogue need no entry.
 *
 * @param modelPath its file or folder under models_root; empty for the one named by its id
 * @param preload whether it is loaded at start
 * @param preferredGpu the device it is put on where there is room, -1 for any
 */
public record ModelConfig(String modelPath, boolean preload, int preferredGpu) {
  static final ModelConfig DEFAULT = new ModelConfig("", false, -1);

  public ModelConfig {
    Check.range("preferred_gpu", preferredGpu, -1, 63);
  }
}
