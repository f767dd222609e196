package io.lipstream.app.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.media.talk.LanguageModel;
import io.lipstream.media.talk.SpeechRecognizer;
import io.lipstream.media.talk.TurnSettings;
import io.lipstream.speech.MaryVoice;
import io.lipstream.speech.OpenAiVoice;
import io.lipstream.speech.chat.Companion;
import io.lipstream.speech.chat.OpenAiChat;
import io.lipstream.speech.http.ApiServer;
import io.lipstream.speech.http.ApiService;
import io.lipstream.speech.recognition.OpenAiRecognizer;
import io.lipstream.speech.recognition.PocketSphinxRecognizer;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The sections of the configuration that say who talks: defaults, meaning, refusals. */
final class TalkConfigTest {
  private static final ApiServerConfig OLLAMA =
      new ApiServerConfig("http://localhost:11434", "llama", new Secret("key"), 1, 2, 3, 4);

  @Test
  void everyDefaultIsWhatTheDocumentsPromise() {
    ApiServerConfig none = new ApiServerConfig("", "", new Secret(""), 5, 60, 30, 2);
    assertThat(ApiServerConfig.DEFAULT).isEqualTo(none);
    assertThat(LanguageModelConfig.DEFAULT.engine()).isEqualTo("companion");
    assertThat(LanguageModelConfig.DEFAULT.server()).isEqualTo(none);
    assertThat(LanguageModelConfig.DEFAULT.instructions()).contains("short sentences");
    assertThat(RecognizerConfig.DEFAULT).isEqualTo(new RecognizerConfig("pocketsphinx", none, ""));
    assertThat(VoiceConfig.DEFAULT).isEqualTo(new VoiceConfig("mary", none, ""));
    assertThat(TurnTakingConfig.DEFAULT)
        .isEqualTo(new TurnTakingConfig(0.5, 0.7, 100, 250, 700, 300, 60, true));
    assertThat(TurnTakingConfig.DEFAULT.settings()).isEqualTo(TurnSettings.DEFAULT);
  }

  @Test
  void opensWhatIsBuiltIn() {
    try (LanguageModel mind = LanguageModelConfig.DEFAULT.open(Map.of());
        SpeechRecognizer ears = RecognizerConfig.DEFAULT.open(Map.of());
        SpeechSynthesizer voice = VoiceConfig.DEFAULT.open(Map.of())) {
      assertThat(mind).isInstanceOf(Companion.class);
      assertThat(ears).isInstanceOf(PocketSphinxRecognizer.class);
      assertThat(voice).isInstanceOf(MaryVoice.class);
    }
  }

  @Test
  void opensServers() {
    try (LanguageModel mind = new LanguageModelConfig("openai", OLLAMA, "").open(Map.of());
        SpeechRecognizer ears = new RecognizerConfig("openai", OLLAMA, "en").open(Map.of());
        SpeechSynthesizer voice = new VoiceConfig("openai", OLLAMA, "nova").open(Map.of())) {
      assertThat(mind).isInstanceOf(OpenAiChat.class);
      assertThat(ears).isInstanceOf(OpenAiRecognizer.class);
      assertThat(voice).isInstanceOf(OpenAiVoice.class);
    }
  }

  @Test
  void everyValueReachesTheServer() {
    ApiServer server = OLLAMA.server(ApiService.CHAT, Map.of("LIPSTREAM_LLM_KEY", "other"));
    assertThat(server.baseUrl()).hasToString("http://localhost:11434");
    assertThat(server.model()).isEqualTo("llama");
    assertThat(server.apiKey()).isEqualTo("key");
    assertThat(server.connectTimeout()).isEqualTo(Duration.ofSeconds(1));
    assertThat(server.answerTimeout()).isEqualTo(Duration.ofSeconds(2));
    assertThat(server.idleTimeout()).isEqualTo(Duration.ofSeconds(3));
    assertThat(server.retries()).isEqualTo(4);
    assertThat(
            ApiServerConfig.DEFAULT
                .server(ApiService.CHAT, Map.of("LIPSTREAM_LLM_KEY", "other"))
                .apiKey())
        .isEqualTo("other");
  }

  @Test
  void everyTurnValueReachesTheSettings() {
    assertThat(new TurnTakingConfig(0.1, 0.2, 3, 4, 500, 6, 7, false).settings())
        .isEqualTo(
            new TurnSettings(
                0.1,
                0.2,
                Duration.ofMillis(3),
                Duration.ofMillis(4),
                Duration.ofMillis(500),
                Duration.ofMillis(6),
                Duration.ofSeconds(7),
                false));
  }

  @Test
  void neverShowsAKey() {
    assertThat(OLLAMA.toString()).doesNotContain("key=key").contains("(hidden)");
  }

  @Test
  void refusesWhatCannotBe() {
    ApiServerConfig nameless = ApiServerConfig.DEFAULT;
    assertThatThrownBy(() -> new LanguageModelConfig("oracle", nameless, ""))
        .hasMessageContaining("language_model.engine must be one of companion, openai");
    assertThatThrownBy(() -> new LanguageModelConfig("companion", OLLAMA, ""))
        .hasMessageContaining("language_model.server is for language_model.engine: openai");
    assertThatThrownBy(() -> new LanguageModelConfig("openai", nameless, ""))
        .hasMessageContaining("language_model.server.model is missing");
    assertThatThrownBy(() -> new RecognizerConfig("pocketsphinx", nameless, "de"))
        .hasMessageContaining("recognizer.language is for");
    assertThatThrownBy(() -> new VoiceConfig("mary", OLLAMA, ""))
        .hasMessageContaining("voice.server is for");
    assertThatThrownBy(() -> new ApiServerConfig("localhost", "", Secret.NONE, 1, 1, 1, 0))
        .hasMessageContaining("url must begin with http");
    assertThatThrownBy(() -> new TurnTakingConfig(1, 0.7, 100, 250, 700, 300, 60, true))
        .hasMessageContaining("turn_taking.speech_probability must be from 0.01 to 0.99");
  }
}
