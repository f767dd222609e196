package io.lipstream.inference.engine;

import java.util.List;
import java.util.Optional;

/**
 * The catalogue and what of it is loaded.
 *
 * <p>Thread-safe; listing waits for no load.
 */
public interface Models {

  /** All models, sorted by id. */
  List<ModelStatus> list();

  Optional<ModelStatus> find(String modelId);

  /**
   * Loads a model, or with force loads its file again and swaps it in without dropping a frame.
   *
   * @throws io.lipstream.media.LipstreamException if there is no such model, no room for it or
   *     something is wrong with its file; what was loaded before stays
   */
  ModelStatus load(String modelId, boolean force);

  /** Frees a model as soon as nothing uses it; false if it was not loaded. */
  boolean unload(String modelId);

  /** The devices, with budgets and load. */
  List<DeviceStatus> devices();
}
