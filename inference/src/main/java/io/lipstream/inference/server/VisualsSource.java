package io.lipstream.inference.server;

import com.google.protobuf.ByteString;

/** Avatars whose pictures a server has without being sent them. */
@FunctionalInterface
interface VisualsSource {
  /** Has none. */
  VisualsSource NONE = (sum, modelId, cache) -> false;

  /**
   * Puts an avatar's pictures into the cache.
   *
   * @param sum the SHA-256 they are asked for by
   * @param modelId the model they are for, often named like the avatar
   * @return whether they are there now
   */
  boolean provide(ByteString sum, String modelId, VisualsCache cache);
}
