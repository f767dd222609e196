package io.lipstream.speech.http;

/** What is asked of a server that speaks OpenAI's protocol. */
public enum ApiService {
  SPEECH("speech server", "/audio/speech", "LIPSTREAM_TTS_KEY", "the model and the voice"),
  RECOGNITION(
      "speech recognition server", "/audio/transcriptions", "LIPSTREAM_STT_KEY", "the model"),
  CHAT("language model server", "/chat/completions", "LIPSTREAM_LLM_KEY", "the model");

  private final String title;
  private final String path;
  private final String keyVariable;
  private final String choices;

  ApiService(String title, String path, String keyVariable, String choices) {
    this.title = title;
    this.path = path;
    this.keyVariable = keyVariable;
    this.choices = choices;
  }

  /** For messages: speech server. */
  String title() {
    return title;
  }

  /** Below /v1. */
  String path() {
    return path;
  }

  /** The environment variable with the key. */
  String keyVariable() {
    return keyVariable;
  }

  /** For hints: what the request names that a server may not have. */
  String choices() {
    return choices;
  }
}
