package io.lipstream.app.server;

import io.lipstream.app.config.ServeConfig;
import io.lipstream.inference.SileroActivity;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.media.talk.LanguageModel;
import io.lipstream.media.talk.SpeechRecognizer;
import io.lipstream.media.talk.VoiceActivity;
import java.util.Map;

/** What the configuration means for talking; owns all of it. */
record TalkParts(
    SpeechSynthesizer voice,
    LanguageModel languageModel,
    SpeechRecognizer recognizer,
    VoiceActivity voiceActivity)
    implements AutoCloseable {

  /**
   * Opens all; nothing is contacted before somebody talks.
   *
   * @param environment where keys are looked up
   */
  static TalkParts open(ServeConfig config, Map<String, String> environment) {
    return new TalkParts(
        config.voice().open(environment),
        config.languageModel().open(environment),
        config.recognizer().open(environment),
        new SileroActivity());
  }

  @Override
  public void close() {
    recognizer.close();
    languageModel.close();
    voice.close();
    voiceActivity.close();
  }
}
