package io.lipstream.app.live;

import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.streaming.live.EncodedSound;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is said in one breath: a sentence, or a sound from outside without words.
 *
 * <p>Its sound belongs to the thread that reads it; how long it is may be asked by any.
 */
final class Line {
  /** How fast people read out, for as long as nobody knows how long a voice takes. */
  private static final int SAMPLES_PER_CHAR = EncodedSound.RATE_HZ / 15;

  final List<String> words;
  private final String text;
  private final int chars;
  private @Nullable PcmSource source;
  private volatile long samples;

  private Line(String text, @Nullable PcmSource source) {
    this.text = text;
    this.source = source;
    words = text.isBlank() ? List.of() : List.of(text.strip().split("\\s+"));
    chars = words.stream().mapToInt(word -> word.length() + 1).sum();
    samples = (long) chars * SAMPLES_PER_CHAR;
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
    samples = samples48k;
  }

  /** When a word begins, in samples at 48 kHz; with the number of words, when the last one ends. */
  long wordStart(int word) {
    long before = 0;
    for (int i = 0; i < word; i++) {
      before += words.get(i).length() + 1;
    }
    return chars == 0 ? 0 : samples * before / chars;
  }
}
