package io.lipstream.app.config;

import io.lipstream.media.talk.LanguageModel;
import io.lipstream.speech.chat.Companion;
import io.lipstream.speech.chat.OpenAiChat;
import io.lipstream.speech.http.ApiService;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;

/**
 * Who answers.
 *
 * @param engine companion, the scripted one that is built in, or openai for a server with POST
 *     /v1/chat/completions
 * @param server that server
 * @param instructions told to the server's model before every conversation; empty for none
 */
public record LanguageModelConfig(String engine, ApiServerConfig server, String instructions) {
  static final LanguageModelConfig DEFAULT =
      new LanguageModelConfig(
          "companion",
          ApiServerConfig.DEFAULT,
          "You are a friendly avatar who talks with a person. What you write is spoken aloud: answer"
              + " in one to three short sentences, without lists, markup or emoji.");

  public LanguageModelConfig {
    Check.oneOf("language_model.engine", engine, List.of("companion", "openai"));
    if (engine.equals("companion")) {
      server.requireUnused("language_model", engine);
    } else {
      Check.that(
          !server.model().isEmpty(),
          "language_model.server.model",
          "is missing: name one of the server's models");
    }
  }

  /** Opens it; nothing is contacted before someone asks. */
  public LanguageModel open(Map<String, String> environment) {
    return engine.equals("companion")
        ? new Companion(InstantSource.system(), ZoneId.systemDefault(), 0)
        : new OpenAiChat(server.server(ApiService.CHAT, environment), instructions);
  }
}
