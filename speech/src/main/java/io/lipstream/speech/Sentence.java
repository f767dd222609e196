package io.lipstream.speech;

/**
 * A piece of text spoken in one breath of the synthesiser.
 *
 * @param text one line, without markup, never blank
 * @param pauseAfterMillis silence that follows it; 0 where a long sentence was cut in two
 */
record Sentence(String text, int pauseAfterMillis) {
  Sentence {
    if (text.isBlank()) {
      throw new IllegalArgumentException("a sentence needs text");
    }
    if (pauseAfterMillis < 0) {
      throw new IllegalArgumentException(
          "pauseAfterMillis must not be negative: " + pauseAfterMillis);
    }
  }
}
