package io.lipstream.app.live;

import io.lipstream.streaming.live.EncodedSound;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Tells the words of an utterance as they begin to be heard, and remembers which were. */
final class Captions {
  private static final int SAMPLES_PER_MILLI = EncodedSound.RATE_HZ / 1_000;

  private final Consumer<SessionEvent> events;
  private final StringBuilder heard = new StringBuilder();
  private @Nullable Line line;
  private long lineStart;
  private int nextWord;

  Captions(Consumer<SessionEvent> events) {
    this.events = events;
  }

  /**
   * A line begins to be heard.
   *
   * @param sample since the utterance began, at 48 kHz
   */
  synchronized void begin(Line next, long sample) {
    tellUntil(Long.MAX_VALUE);
    endLine();
    line = next;
    next.begun();
    lineStart = sample;
    nextWord = 0;
  }

  /** All before this sample was sent. */
  synchronized void sent(long sample) {
    tellUntil(sample);
    if (line != null) {
      line.heard(sample - lineStart);
    }
  }

  private void endLine() {
    if (line != null) {
      line.over();
    }
  }

  /** All was heard to its end. */
  synchronized void end() {
    tellUntil(Long.MAX_VALUE);
    endLine();
  }

  private void tellUntil(long sample) {
    Line spoken = line;
    if (spoken == null) {
      return;
    }
    while (nextWord < spoken.words.size() && lineStart + spoken.wordStart(nextWord) < sample) {
      String word = spoken.words.get(nextWord);
      long start = lineStart + spoken.wordStart(nextWord);
      long end = lineStart + spoken.wordEnd(nextWord);
      nextWord++;
      heard.append(heard.isEmpty() ? "" : " ").append(word);
      events.accept(
          new SessionEvent.Caption(word, start / SAMPLES_PER_MILLI, end / SAMPLES_PER_MILLI));
    }
  }

  /** The words that began to be heard so far. */
  synchronized String text() {
    return heard.toString();
  }
}
