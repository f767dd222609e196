package io.lipstream.speech;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.media.lipsync.SpokenWord;
import io.lipstream.speech.MarySpeech.Spoken;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The embedded English voice: MaryTTS with the CMU slt voice, on this machine, without a network.
 *
 * <p>Thread-safe. The voice's models load at the first sentence and stay for the process.
 */
public final class MaryVoice implements SpeechSynthesizer {
  private static final Logger LOG = LoggerFactory.getLogger(MaryVoice.class);
  private static final String NAME = "cmu-slt";
  private static final PcmFormat FORMAT = new PcmFormat(MarySpeech.SAMPLE_RATE_HZ, 1);
  private static final int SENTENCES_AHEAD = 3;

  /** Quieter than this, 60 dB under full scale, is the vocoder's silence around a sentence. */
  private static final float SILENCE = 0.001f;

  /** Kept on both sides of a sentence so that soft onsets and endings stay whole. */
  private static final int MARGIN_FRAMES = MarySpeech.SAMPLE_RATE_HZ * 30 / 1_000;

  @Override
  public List<String> voices() {
    return List.of(NAME);
  }

  @Override
  public PcmSource speak(String text, String voice) {
    if (!voice.isEmpty() && !voice.equals(NAME)) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "the embedded speech has no voice \"" + voice + "\"",
          "use \"" + NAME + "\", or a speech server with the voice you want");
    }
    List<Sentence> sentences = Sentences.of(text);
    boolean english =
        sentences.stream()
            .anyMatch(sentence -> !EnglishWords.of(sentence.text(), word -> true).isEmpty());
    if (!english) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "the embedded voice speaks English and finds nothing to say in \""
              + Sentences.excerpt(text)
              + "\"",
          "give it English text, or use a speech server that knows the language");
    }
    return new NarratedSource(listener -> narrate(sentences, listener), SENTENCES_AHEAD);
  }

  @Override
  public void warmUp() {
    spoken(load(), new Sentence("Hello.", 0));
  }

  private static void narrate(List<Sentence> sentences, Narration.Listener listener)
      throws InterruptedException {
    listener.format(FORMAT);
    MarySpeech speech = load();
    for (Sentence sentence : sentences) {
      Spoken spoken = spoken(speech, sentence);
      listener.words(spoken.words());
      listener.sound(spoken.samples());
    }
  }

  private static MarySpeech load() {
    try {
      return MarySpeech.shared();
    } catch (Exception e) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "the embedded voice does not start: " + e.getMessage(),
          "reinstall Lipstream, or use a speech server",
          e);
    }
  }

  private static Spoken spoken(MarySpeech speech, Sentence sentence) {
    try {
      Spoken sound = speech.speak(sentence.text());
      if (sound.samples().length == 0) {
        LOG.warn("left out what the voice cannot say: {}", Sentences.excerpt(sentence.text()));
        return sound;
      }
      return withPause(sound, sentence.pauseAfterMillis());
    } catch (Exception e) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "the embedded voice cannot say \"" + Sentences.excerpt(sentence.text()) + "\"",
          "write it in other words",
          e);
    }
  }

  /** The sound without the silence around it, then the pause, which is exactly silent. */
  private static Spoken withPause(Spoken spoken, int pauseMillis) {
    float[] sound = spoken.samples();
    int first = 0;
    while (first < sound.length && Math.abs(sound[first]) < SILENCE) {
      first++;
    }
    int last = sound.length;
    while (last > first && Math.abs(sound[last - 1]) < SILENCE) {
      last--;
    }
    int from = Math.max(0, first - MARGIN_FRAMES);
    int to = Math.min(sound.length, last + MARGIN_FRAMES);
    int pauseFrames = MarySpeech.SAMPLE_RATE_HZ * pauseMillis / 1_000;
    float[] trimmed = Arrays.copyOfRange(sound, from, to + pauseFrames);
    Arrays.fill(trimmed, to - from, trimmed.length, 0);
    return new Spoken(trimmed, spoken.words().stream().map(word -> moved(word, from, to)).toList());
  }

  private static SpokenWord moved(SpokenWord word, int from, int to) {
    return new SpokenWord(
        word.text(),
        Math.clamp(word.startFrame(), from, to) - from,
        Math.clamp(word.endFrame(), from, to) - from);
  }

  @Override
  public void close() {
    // The models belong to the process, each sound's thread to its source.
  }
}
