package io.lipstream.inference.engine;

import java.time.Duration;

/** Whether a stream was opened. */
public sealed interface Admission {

  /** It was; the caller closes the stream. */
  record Admitted(FrameStream stream) implements Admission {}

  /** The catalogue has no such model. */
  record Unknown(String modelId) implements Admission {}

  /** Its frames could not meet their deadlines, or there is no room for its model. */
  record Refused(String reason, Duration retryAfter) implements Admission {}
}
