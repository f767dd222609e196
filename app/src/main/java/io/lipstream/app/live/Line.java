package io.lipstream.app.live;

import io.lipstream.media.audio.LookAhead;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.lipsync.Speech;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.media.lipsync.SpokenWord;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What is said in one breath: a sentence, or a sound from outside without words.
 *
 * <p>Its sound belongs to the thread that reads it; how long it is may be asked by any.
 */
final class Line {
  /** What becomes of a sound from outside; told by media threads, which it must not hold up. */
  interface Fate {
    Fate NOBODY_ASKS = new NobodyAsks();

    /** Its first sample is heard. */
    void begun();

    /** No more of it will be heard; told once, even if none was. */
    void over(long heardSamples48k);
  }

  private static final class NobodyAsks implements Fate {
    @Override
    public void begun() {}

    @Override
    public void over(long heardSamples48k) {}
  }

  final List<String> words;
  final LookAhead lookAhead;

  /** Whether its sound is only being made, at its own pace. */
  final boolean live;

  private final Fate fate;
  private final AtomicBoolean over = new AtomicBoolean();
  private volatile long heardSamples;
  private final String text;
  private @Nullable PcmSource source;
  private volatile WordTimes times;

  // The reading thread's own.
  private int wordsSpoken;

  private Line(
      String text, @Nullable PcmSource source, LookAhead lookAhead, boolean live, Fate fate) {
    this.text = text;
    this.source = source;
    this.lookAhead = lookAhead;
    this.live = live;
    this.fate = fate;
    words = text.isBlank() ? List.of() : List.of(text.strip().split("\\s+"));
    times = WordTimes.guessed(words);
  }

  static Line sentence(String text) {
    return new Line(text, null, LookAhead.EXACT, false, Fate.NOBODY_ASKS);
  }

  static Line sound(PcmSource source) {
    return new Line("", source, LookAhead.EXACT, false, Fate.NOBODY_ASKS);
  }

  static Line live(PcmSource source, LookAhead lookAhead, Fate fate) {
    return new Line("", source, lookAhead, true, fate);
  }

  /** Whether the two are one stretch of sound. */
  boolean continues(Line before) {
    return this == before || (isText() && before.isText());
  }

  /** It begins to be heard. */
  void begun() {
    fate.begun();
  }

  /** So much of it, at 48 kHz, has been heard. */
  void heard(long samples48k) {
    heardSamples = samples48k;
  }

  /** No more of it will be heard. */
  void over() {
    if (over.compareAndSet(false, true)) {
      fate.over(heardSamples);
    }
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
