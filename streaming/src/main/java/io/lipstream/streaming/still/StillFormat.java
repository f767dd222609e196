package io.lipstream.streaming.still;

/** How a still picture is written. */
public enum StillFormat {
  JPEG,
  PNG
}
