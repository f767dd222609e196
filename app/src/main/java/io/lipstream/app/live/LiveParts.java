package io.lipstream.app.live;

import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.Engine;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.media.talk.LanguageModel;
import io.lipstream.media.talk.SpeechRecognizer;
import io.lipstream.media.talk.VoiceActivity;

/**
 * What sessions are made of; all of it stays the caller's to close, after the sessions.
 *
 * @param engine draws the mouths
 * @param models the engine's catalogue, to which avatars are added as sessions want them
 * @param events told what sessions do
 */
public record LiveParts(
    AvatarStore avatars,
    Engine engine,
    Catalogue models,
    SpeechSynthesizer voice,
    LanguageModel languageModel,
    SpeechRecognizer recognizer,
    VoiceActivity voiceActivity,
    LiveEvents events) {

  /** Parts whose doings nobody measures. */
  public LiveParts(
      AvatarStore avatars,
      Engine engine,
      Catalogue models,
      SpeechSynthesizer voice,
      LanguageModel languageModel,
      SpeechRecognizer recognizer,
      VoiceActivity voiceActivity) {
    this(avatars, engine, models, voice, languageModel, recognizer, voiceActivity, LiveEvents.NONE);
  }
}
