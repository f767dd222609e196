package io.lipstream.app;

import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.speech.Voices;
import picocli.CommandLine.Option;

/** Which voice reads a text. */
@SuppressWarnings("NullAway.Init") // picocli fills the options in
final class VoiceOptions {
  @Option(
      names = "--voice",
      paramLabel = "NAME",
      defaultValue = "",
      description = "The voice to speak with (default: the engine's own).")
  String voice;

  @Option(
      names = "--tts",
      paramLabel = "ENGINE",
      defaultValue = "mary",
      description =
          "What turns text into speech: mary (built in, English) or openai, for any server with"
              + " POST /v1/audio/speech (default: ${DEFAULT-VALUE}).")
  String engine;

  @Option(
      names = "--tts-url",
      paramLabel = "URL",
      defaultValue = "",
      description =
          "Base address of the speech server; its key comes from LIPSTREAM_TTS_KEY or"
              + " OPENAI_API_KEY.")
  String url;

  @Option(
      names = "--tts-model",
      paramLabel = "NAME",
      defaultValue = "",
      description = "The speech server's model (default: tts-1).")
  String model;

  /** Opens the voice; nothing is loaded before it speaks. */
  SpeechSynthesizer open() {
    return Voices.open(new Voices.Settings(engine, url, model), System.getenv());
  }
}
