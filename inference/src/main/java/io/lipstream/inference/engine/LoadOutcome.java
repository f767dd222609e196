package io.lipstream.inference.engine;

import io.lipstream.media.LipstreamException;

/** How an attempt to load a model ended. */
sealed interface LoadOutcome {
  /** It is loaded. */
  record Ready() implements LoadOutcome {}

  /** Everything that could make room is in use. */
  record NoRoom(String reason) implements LoadOutcome {}

  /** Its file is at fault. */
  record Failed(LipstreamException cause) implements LoadOutcome {}
}
