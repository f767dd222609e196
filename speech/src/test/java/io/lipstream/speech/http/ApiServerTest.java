package io.lipstream.speech.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.media.LipstreamException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ApiServerTest {

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
    assertThat(at(base, Map.of()).endpoint()).hasToString(endpoint);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ftp://h/v1",
        "file:///etc/passwd",
        "h:8880",
        "localhost",
        "http://",
        "http://a b"
      })
  void refusesWhatIsNoWebAddress(String url) {
    assertThatThrownBy(() -> at(url, Map.of()))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("cannot be used");
  }

  @Test
  void meansOpenAiWhereNoAddressIsGiven() {
    assertThat(at("", Map.of()).endpoint()).hasToString("https://api.openai.com/v1/audio/speech");
  }

  @Test
  void refusesAKeyInsideTheAddressWithoutRepeatingIt() {
    assertThatThrownBy(() -> at("https://me:secret@h/v1", Map.of()))
        .isInstanceOf(LipstreamException.class)
        .message()
        .doesNotContain("secret");
  }

  @Test
  void prefersItsOwnKeyAndKeepsOpenAisOffOpenWires() {
    Map<String, String> both = Map.of("LIPSTREAM_TTS_KEY", "own", "OPENAI_API_KEY", "theirs");
    Map<String, String> theirs = Map.of("OPENAI_API_KEY", "theirs");
    assertThat(at("http://h", both).apiKey()).isEqualTo("own");
    assertThat(at("https://h", theirs).apiKey()).isEqualTo("theirs");
    assertThat(at("http://localhost:8880", theirs).apiKey()).isEqualTo("theirs");
    assertThat(at("http://h", theirs).apiKey()).isEmpty();
  }

  @Test
  void refusesABrokenKeyAndNeverShowsAKey() {
    Map<String, String> broken = Map.of("LIPSTREAM_TTS_KEY", "se\ncret");
    assertThatThrownBy(() -> at("http://h", broken))
        .isInstanceOf(LipstreamException.class)
        .message()
        .doesNotContain("cret");
    assertThat(at("http://h", Map.of("LIPSTREAM_TTS_KEY", "topsecret")))
        .asString()
        .doesNotContain("topsecret");
  }

  @Test
  void asksEachServiceAtItsOwnPathWithItsOwnKey() {
    Map<String, String> keys =
        Map.of("LIPSTREAM_STT_KEY", "ears", "LIPSTREAM_LLM_KEY", "mind", "LIPSTREAM_TTS_KEY", "v");
    ApiServer ears = ApiServer.at(ApiService.RECOGNITION, "http://h:1", "whisper-1", keys);
    ApiServer mind = ApiServer.at(ApiService.CHAT, "http://h:1/v1", "llama", keys);
    assertThat(ears.endpoint()).hasToString("http://h:1/v1/audio/transcriptions");
    assertThat(ears.apiKey()).isEqualTo("ears");
    assertThat(mind.endpoint()).hasToString("http://h:1/v1/chat/completions");
    assertThat(mind.apiKey()).isEqualTo("mind");
  }

  private static ApiServer at(String url, Map<String, String> environment) {
    return ApiServer.at(ApiService.SPEECH, url, "", environment);
  }
}
