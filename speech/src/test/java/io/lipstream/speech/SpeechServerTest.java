package io.lipstream.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpeechServerTest {

  @ParameterizedTest
  @CsvSource({
    "http://h:8880, http://h:8880/v1/audio/speech",
    "http://h:8880/, http://h:8880/v1/audio/speech",
    "https://h/v1, https://h/v1/audio/speech",
    "https://h/v1/, https://h/v1/audio/speech",
    "https://h/api/v1, https://h/api/v1/audio/speech",
    "https://h/v1/audio/speech, https://h/v1/audio/speech",
    "https://h/openai?api-version=1, https://h/openai/v1/audio/speech?api-version=1",
    "http://[::1]:9/v1, http://[::1]:9/v1/audio/speech"
  })
  void findsTheEndpointBelowTheBaseAddress(String base, String endpoint) {
    assertThat(SpeechServer.at(base, "", Map.of()).endpoint()).hasToString(endpoint);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ftp://h/v1",
        "file:///etc/passwd",
        "h:8880",
        "localhost",
        "",
        "http://",
        "http://a b"
      })
  void refusesWhatIsNoWebAddress(String url) {
    assertThatThrownBy(() -> SpeechServer.at(url, "", Map.of()))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("cannot be used");
  }

  @Test
  void refusesAKeyInsideTheAddressWithoutRepeatingIt() {
    assertThatThrownBy(() -> SpeechServer.at("https://me:secret@h/v1", "", Map.of()))
        .isInstanceOf(LipstreamException.class)
        .message()
        .doesNotContain("secret");
  }

  @Test
  void prefersItsOwnKeyAndKeepsOpenAisOffOpenWires() {
    Map<String, String> both = Map.of("LIPSTREAM_TTS_KEY", "own", "OPENAI_API_KEY", "theirs");
    Map<String, String> theirs = Map.of("OPENAI_API_KEY", "theirs");
    assertThat(SpeechServer.at("http://h", "", both).apiKey()).isEqualTo("own");
    assertThat(SpeechServer.at("https://h", "", theirs).apiKey()).isEqualTo("theirs");
    assertThat(SpeechServer.at("http://localhost:8880", "", theirs).apiKey()).isEqualTo("theirs");
    assertThat(SpeechServer.at("http://h", "", theirs).apiKey()).isEmpty();
  }

  @Test
  void refusesABrokenKeyAndNeverShowsAKey() {
    Map<String, String> broken = Map.of("LIPSTREAM_TTS_KEY", "se\ncret");
    assertThatThrownBy(() -> SpeechServer.at("http://h", "", broken))
        .isInstanceOf(LipstreamException.class)
        .message()
        .doesNotContain("cret");
    assertThat(SpeechServer.at("http://h", "", Map.of("LIPSTREAM_TTS_KEY", "topsecret")))
        .asString()
        .doesNotContain("topsecret");
  }

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
