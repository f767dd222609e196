package io.lipstream.speech;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.speech.http.ApiServer;
import io.lipstream.speech.http.ApiService;
import java.util.List;
import java.util.Map;

/** Opens the voice that a user's settings name. */
public final class Voices {
  /** The engines {@link #open} knows; the first is the default. */
  public static final List<String> ENGINES = List.of("mary", "openai");

  /**
   * Which voice to open.
   *
   * @param engine one of {@link #ENGINES}, or empty for the default
   * @param url the speech server; empty for OpenAI's own; only for openai
   * @param model the speech server's model; empty for tts-1; only for openai
   */
  public record Settings(String engine, String url, String model) {}

  private Voices() {}

  /**
   * Opens a voice; nothing is loaded or contacted before it speaks.
   *
   * @param environment where keys are looked up, usually System.getenv()
   * @throws LipstreamException if there is no such engine or the address is malformed
   */
  public static SpeechSynthesizer open(Settings settings, Map<String, String> environment) {
    String engine = settings.engine().isEmpty() ? ENGINES.getFirst() : settings.engine();
    return switch (engine) {
      case "mary" -> new MaryVoice();
      case "openai" ->
          onServer(ApiServer.at(ApiService.SPEECH, settings.url(), settings.model(), environment));
      default ->
          throw new LipstreamException(
              LipstreamException.Kind.INPUT,
              "there is no text-to-speech engine \"" + engine + "\"",
              "use one of " + String.join(", ", ENGINES));
    };
  }

  /** The voice of a speech server, whose model is tts-1 where none is named. */
  public static SpeechSynthesizer onServer(ApiServer server) {
    ApiServer named = server.model().isEmpty() ? server.withModel("tts-1") : server;
    return new OpenAiVoice(named, "alloy", "wav");
  }
}
