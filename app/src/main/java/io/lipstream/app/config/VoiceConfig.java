package io.lipstream.app.config;

import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.speech.MaryVoice;
import io.lipstream.speech.Voices;
import io.lipstream.speech.http.ApiService;
import java.util.List;
import java.util.Map;

/**
 * Who speaks.
 *
 * @param engine mary, built in, or openai for a server with POST /v1/audio/speech
 * @param server that server
 * @param name the voice where nobody asks for another; empty for the engine's own
 */
public record VoiceConfig(String engine, ApiServerConfig server, String name) {
  static final VoiceConfig DEFAULT = new VoiceConfig("mary", ApiServerConfig.DEFAULT, "");

  public VoiceConfig {
    Check.oneOf("voice.engine", engine, List.of("mary", "openai"));
    if (engine.equals("mary")) {
      server.requireUnused("voice", engine);
    }
  }

  /** Opens it; nothing is loaded or contacted before it speaks. */
  public SpeechSynthesizer open(Map<String, String> environment) {
    return engine.equals("mary")
        ? new MaryVoice()
        : Voices.onServer(server.server(ApiService.SPEECH, environment));
  }
}
