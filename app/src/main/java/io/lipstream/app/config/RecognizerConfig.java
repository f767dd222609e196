package io.lipstream.app.config;

import io.lipstream.media.talk.SpeechRecognizer;
import io.lipstream.speech.http.ApiServer;
import io.lipstream.speech.http.ApiService;
import io.lipstream.speech.recognition.OpenAiRecognizer;
import io.lipstream.speech.recognition.PocketSphinxRecognizer;
import java.util.List;
import java.util.Map;

/**
 * Who understands the user's speech.
 *
 * @param engine pocketsphinx, where Debian's packages are installed, or openai for a server with
 *     POST /v1/audio/transcriptions
 * @param server that server
 * @param language tells the server the language, as en; empty lets it find out
 */
public record RecognizerConfig(String engine, ApiServerConfig server, String language) {
  static final RecognizerConfig DEFAULT =
      new RecognizerConfig("pocketsphinx", ApiServerConfig.DEFAULT, "");

  private static final String OPENAI_MODEL = "whisper-1";

  public RecognizerConfig {
    Check.oneOf("recognizer.engine", engine, List.of("pocketsphinx", "openai"));
    if (engine.equals("pocketsphinx")) {
      server.requireUnused("recognizer", engine);
      Check.that(
          language.isEmpty(),
          "recognizer.language",
          "is for recognizer.engine: openai; pocketsphinx hears American English");
    }
  }

  /** Opens it; nothing is loaded or contacted before someone speaks. */
  public SpeechRecognizer open(Map<String, String> environment) {
    if (engine.equals("pocketsphinx")) {
      return new PocketSphinxRecognizer();
    }
    ApiServer asked = server.server(ApiService.RECOGNITION, environment);
    return new OpenAiRecognizer(
        asked.model().isEmpty() ? asked.withModel(OPENAI_MODEL) : asked, language);
  }
}
