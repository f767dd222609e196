package io.lipstream.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every voice does. */
abstract class SpeechSynthesizerContract {
  private static final String TEXT = "Good day to you. It is warm.";

  /** A voice that is ready to speak several times. */
  abstract SpeechSynthesizer speaker();

  @Test
  void makesSoundAndKnowsItsLengthAtTheEnd() {
    try (PcmSource source = speaker().speak(TEXT, "")) {
      int channels = source.format().channels();
      float[] buffer = new float[1_000 * channels];
      long frames = 0;
      double power = 0;
      for (int read = source.read(buffer, 1_000); read > 0; read = source.read(buffer, 1_000)) {
        frames += read;
        for (int i = 0; i < read * channels; i++) {
          assertThat(buffer[i]).isBetween(-1f, 1f);
          power += buffer[i] * buffer[i];
        }
      }
      assertThat(power).isPositive();
      assertThat(source.expectedFrames()).hasValue(frames);
      assertThat(source.read(buffer, 1_000)).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  ", "?!", "..."})
  void refusesATextWithNothingToSay(String text) {
    assertThatThrownBy(() -> speaker().speak(text, ""))
        .isInstanceOfSatisfying(
            LipstreamException.class,
            e -> assertThat(e.kind()).isEqualTo(LipstreamException.Kind.INPUT));
  }

  @Test
  void canBeClosedBeforeAnythingWasRead() {
    speaker().speak(TEXT, "").close();
    makesSound();
  }

  @Test
  void speaksTwiceAtOnce() {
    try (PcmSource one = speaker().speak(TEXT, "");
        PcmSource other = speaker().speak(TEXT, "")) {
      float[] first = new float[2];
      float[] second = new float[2];
      assertThat(one.read(first, 1)).isEqualTo(1);
      assertThat(other.read(second, 1)).isEqualTo(1);
      assertThat(first).isEqualTo(second);
    }
  }

  @Test
  void refusesToBeReadAfterItsEnd() {
    PcmSource source = speaker().speak(TEXT, "");
    source.close();
    assertThatThrownBy(() -> source.read(new float[2], 1))
        .isInstanceOf(IllegalStateException.class);
  }

  private void makesSound() {
    try (PcmSource source = speaker().speak(TEXT, "")) {
      assertThat(source.read(new float[2], 1)).isEqualTo(1);
    }
  }
}
