package io.lipstream.app.live;

import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.lipsync.Speech;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.media.lipsync.SpokenWord;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is said in one breath: a sentence, or a sound from outside without words.
 *
 * <p>Its sound belongs to the thread that reads it; how long it is may be asked by any.
 */
final class Line {
  final List<String> words;
  private final String text;
  private @Nullable PcmSource source;
  private volatile WordTimes times;

  // The reading thread's own.
  private int wordsSpoken;

  private Line(String text, @Nullable PcmSource source) {
    this.text = text;
    this.source = source;
    words = text.isBlank() ? List.of() : List.of(text.strip().split("\\s+"));
    times = WordTimes.guessed(words);
  }

  static Line sentence(String text) {
    return new Line(text, null);
  }

  static Line sound(PcmSource source) {
    return new Line("", source);
  }

  /** Whether it was written, so that silence around it is the voice's and not meant. */
  boolean isText() {
    return !text.isEmpty();
  }

  /** Has the voice begin with it, if it has not. */
  PcmSource start(SpeechSynthesizer voice, String voiceName) {
    PcmSource started = source;
    if (started == null) {
      started = voice.speak(text, voiceName);
      source = started;
    }
    return started;
  }

  void close() {
    if (source != null) {
      source.close();
    }
  }

  /** How long it takes, at 48 kHz, as far as that is known. */
  void lasts(long samples48k) {
    if (wordsSpoken == 0) {
      times = WordTimes.spread(words, samples48k);
    }
  }

  /** Learns from the voice, if it tells, when it says which word. */
  void learnWords(int rateHz) {
    if (source instanceof Speech speech) {
      List<SpokenWord> spoken = speech.words();
      if (spoken.size() > wordsSpoken) {
        wordsSpoken = spoken.size();
        times = WordTimes.spoken(words, spoken, rateHz);
      }
    }
  }

  /** When a word begins, in samples at 48 kHz since the line did. */
  long wordStart(int word) {
    return times.starts()[word];
  }

  /** When it has been heard. */
  long wordEnd(int word) {
    return times.ends()[word];
  }
}
