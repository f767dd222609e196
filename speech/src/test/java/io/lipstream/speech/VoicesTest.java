package io.lipstream.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import java.util.Map;
import org.junit.jupiter.api.Test;

class VoicesTest {

  @Test
  void opensTheEngineByName() {
    assertThat(open("")).isInstanceOf(MaryVoice.class);
    assertThat(open("mary")).isInstanceOf(MaryVoice.class);
    assertThat(open("openai")).isInstanceOf(OpenAiVoice.class);
    assertThatThrownBy(() -> open("festival"))
        .isInstanceOfSatisfying(
            LipstreamException.class, e -> assertThat(e.hint()).contains("mary, openai"))
        .hasMessageContaining("festival");
  }

  private static SpeechSynthesizer open(String engine) {
    try (SpeechSynthesizer voice = Voices.open(new Voices.Settings(engine, "", ""), Map.of())) {
      return voice;
    }
  }
}
