package io.lipstream.app.quality;

/** Who goes first when not everybody can be served at their best. */
public enum Importance {
  HIGH,
  NORMAL,
  LOW
}
