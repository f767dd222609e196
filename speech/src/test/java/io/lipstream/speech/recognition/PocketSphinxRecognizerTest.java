package io.lipstream.speech.recognition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.talk.SpeechRecognizer;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PocketSphinxRecognizerTest extends SpeechRecognizerContract {

  @BeforeEach
  void needsDebiansPackages() {
    Optional<LipstreamException> obstacle = PocketSphinxRecognizer.obstacle();
    boolean required = System.getenv("LIPSTREAM_CHECK") != null;
    if (required) {
      assertThat(obstacle).isEmpty();
    }
    assumeTrue(obstacle.isEmpty(), () -> obstacle.orElseThrow().hint());
  }

  @Override
  SpeechRecognizer ready() {
    return new PocketSphinxRecognizer();
  }

  @Test
  void tellsWhatItUnderstoodSoFar() throws InterruptedException {
    Transcript transcript = new Transcript();
    SpeechRecognizer.Utterance utterance = recognizer().open(transcript);
    SpokenSentence.push(utterance, SpokenSentence.hello());
    utterance.finish();
    String text = transcript.text();
    assertThat(transcript.partials()).hasSizeGreaterThan(2).doesNotContain("");
    assertThat(text).startsWith("hello");
  }

  @Test
  void hearsTheSameInTheSameEveryTime() throws InterruptedException {
    assertThat(heard()).isEqualTo(heard());
  }

  private String heard() throws InterruptedException {
    Transcript transcript = new Transcript();
    SpeechRecognizer.Utterance utterance = recognizer().open(transcript);
    SpokenSentence.push(utterance, SpokenSentence.hello());
    utterance.finish();
    return transcript.text();
  }
}
