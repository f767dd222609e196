package io.lipstream.app.config;

/** A value that a key cannot have; the reader adds file and line. */
final class InvalidValueException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String key;

  InvalidValueException(String key, String reason) {
    super(key + " " + reason);
    this.key = key;
  }

  /** The key, or its last part where the record does not know what surrounds it. */
  String key() {
    return key;
  }
}
