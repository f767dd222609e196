package io.lipstream.speech.chat;

/**
 * Takes out of a stream of text what a model thinks aloud at its beginning, between {@code <think>}
 * and {@code </think>}; nobody wants to hear it spoken. One owner.
 */
final class Thoughts {
  private static final String OPEN = "<think>";
  private static final String CLOSE = "</think>";

  private enum Place {
    BEFORE,
    INSIDE,
    AFTER
  }

  private final StringBuilder held = new StringBuilder();
  private Place place = Place.BEFORE;

  /** The part of the text so far that may be spoken and was not given yet; may be empty. */
  String without(String text) {
    if (place == Place.AFTER) {
      return text;
    }
    held.append(text);
    if (place == Place.BEFORE) {
      String start = held.toString().stripLeading();
      if (start.startsWith(OPEN)) {
        place = Place.INSIDE;
      } else if (!OPEN.startsWith(start)) {
        place = Place.AFTER;
        return take(0);
      }
    }
    int close = held.indexOf(CLOSE);
    if (place == Place.INSIDE && close >= 0) {
      place = Place.AFTER;
      return take(close + CLOSE.length()).stripLeading();
    }
    return "";
  }

  /** What was held back in case it began a thought, and did not. */
  String finish() {
    return place == Place.BEFORE ? take(0) : "";
  }

  private String take(int from) {
    String rest = held.substring(from);
    held.setLength(0);
    return rest;
  }
}
