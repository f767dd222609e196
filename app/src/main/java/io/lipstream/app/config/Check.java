package io.lipstream.app.config;

import java.util.List;

/** What the records require of their values; the messages name keys as the file spells them. */
final class Check {
  private Check() {}

  static void range(String key, double value, double least, double most) {
    if (!(value >= least && value <= most)) {
      throw new InvalidValueException(
          key, "must be from " + plain(least) + " to " + plain(most) + ", not " + plain(value));
    }
  }

  static void oneOf(String key, String value, List<String> allowed) {
    if (!allowed.contains(value)) {
      throw new InvalidValueException(
          key, "must be one of " + String.join(", ", allowed) + ", not \"" + value + "\"");
    }
  }

  static void that(boolean holds, String key, String otherwise) {
    if (!holds) {
      throw new InvalidValueException(key, otherwise);
    }
  }

  private static String plain(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }
}
