package io.lipstream.speech.recognition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.media.talk.SpeechRecognizer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What every recogniser does. */
abstract class SpeechRecognizerContract {
  private @Nullable SpeechRecognizer opened;

  /** A recogniser that is ready for the next utterances. */
  abstract SpeechRecognizer ready();

  final SpeechRecognizer recognizer() {
    SpeechRecognizer recognizer = opened == null ? ready() : opened;
    opened = recognizer;
    return recognizer;
  }

  @AfterEach
  void closeRecognizer() {
    if (opened != null) {
      opened.close();
    }
  }

  @Test
  void hearsWhatIsSaid() throws InterruptedException {
    assertThatHelloIsHeard();
  }

  private void assertThatHelloIsHeard() throws InterruptedException {
    Transcript transcript = new Transcript();
    SpeechRecognizer.Utterance utterance = recognizer().open(transcript);
    SpokenSentence.push(utterance, SpokenSentence.hello());
    utterance.finish();
    assertThat(transcript.text()).containsIgnoringCase("hello").containsIgnoringCase("help you");
    assertThat(transcript.calls()).isEqualTo(1);
  }

  @Test
  void hearsNothingInNothing() throws InterruptedException {
    Transcript transcript = new Transcript();
    SpeechRecognizer.Utterance utterance = recognizer().open(transcript);
    utterance.push(new float[0], 0, 0);
    utterance.finish();
    assertThat(transcript.text()).isEmpty();
  }

  @Test
  void tellsNothingAboutAnUtteranceGivenUp() throws InterruptedException {
    Transcript givenUp = new Transcript();
    SpeechRecognizer.Utterance utterance = recognizer().open(givenUp);
    SpokenSentence.push(utterance, SpokenSentence.hello());
    utterance.close();
    utterance.push(new float[100], 0, 100);
    utterance.finish();
    assertThatHelloIsHeard();
    assertThat(givenUp.calls()).isZero();
  }

  @Test
  void refusesSoundAfterTheEnd() {
    SpeechRecognizer.Utterance utterance = recognizer().open(new Transcript());
    utterance.finish();
    assertThatThrownBy(() -> utterance.push(new float[1], 0, 1))
        .isInstanceOf(IllegalStateException.class);
    utterance.close();
  }

  @Test
  void givesUpWhoNeverPauses() throws InterruptedException {
    Transcript transcript = new Transcript();
    SpeechRecognizer.Utterance utterance = recognizer().open(transcript);
    float[] minute = new float[16_000 * 60];
    for (int i = 0; i < 3; i++) {
      utterance.push(minute, 0, minute.length);
    }
    assertThat(transcript.failure()).hasMessageContaining("120 s");
  }

  @Test
  void hearsTwoAtOnce() throws InterruptedException {
    Transcript one = new Transcript();
    Transcript other = new Transcript();
    SpeechRecognizer.Utterance first = recognizer().open(one);
    SpeechRecognizer.Utterance second = recognizer().open(other);
    SpokenSentence.push(first, SpokenSentence.hello());
    second.finish();
    first.finish();
    assertThat(other.text()).isEmpty();
    assertThat(one.text()).containsIgnoringCase("help you");
  }
}
