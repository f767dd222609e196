package io.lipstream.app.live;

import io.lipstream.streaming.live.EncodedSound;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells the words of an utterance as they begin to be heard, and remembers which were.
 *
 * <p>The first sound is known to be heard a moment before its session says that it speaks; words
 * are kept back until then.
 */
final class Captions {
  private static final int SAMPLES_PER_MILLI = EncodedSound.RATE_HZ / 1_000;

  private final Consumer<SessionEvent> events;
  private final List<SessionEvent> keptBack = new ArrayList<>();
  private final StringBuilder heard = new StringBuilder();
  private @Nullable Line line;
  private long lineStart;
  private int nextWord;
  private boolean open;

  Captions(Consumer<SessionEvent> events) {
    this.events = events;
  }

  /** The session has said that it speaks: tells what was kept back, and from now on all at once. */
  synchronized void open() {
    open = true;
    keptBack.forEach(events);
    keptBack.clear();
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
      SessionEvent caption =
          new SessionEvent.Caption(word, start / SAMPLES_PER_MILLI, end / SAMPLES_PER_MILLI);
      if (open) {
        events.accept(caption);
      } else {
        keptBack.add(caption);
      }
    }
  }

  /** The words that began to be heard so far. */
  synchronized String text() {
    return heard.toString();
  }
}
