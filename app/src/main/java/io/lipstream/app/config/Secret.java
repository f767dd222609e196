package io.lipstream.app.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** A value that is never printed. */
public record Secret(String value) {
  /** No secret. */
  public static final Secret NONE = new Secret("");

  private static final String MASK = "(hidden)";

  @JsonCreator
  static Secret of(String value) {
    return new Secret(value);
  }

  public boolean isPresent() {
    return !value.isEmpty();
  }

  @JsonValue
  String masked() {
    return isPresent() ? MASK : "";
  }

  @Override
  public String toString() {
    return masked();
  }
}
