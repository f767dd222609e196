package io.lipstream.media.lipsync;

import io.lipstream.media.audio.PcmSource;
import java.util.List;

/** A voice: text in, sound out, sentence by sentence so that the first sound comes early. */
public interface SpeechSynthesizer extends AutoCloseable {

  /** The voices that {@link #speak} accepts; empty where the server does not tell. */
  List<String> voices();

  /**
   * Starts to speak.
   *
   * @param text any length; at least one letter or digit
   * @param voice a name from {@link #voices()}, or empty for the default
   * @return the sound as it is made, a {@link Speech} where the voice times its words; its format()
   *     may wait for the first sound, and failures of synthesis surface from its format() and
   *     read()
   * @throws io.lipstream.media.LipstreamException if there is nothing to say or no such voice
   */
  PcmSource speak(String text, String voice);

  /** Makes ready what the first sentence would else wait for; may take seconds. */
  default void warmUp() {}

  @Override
  void close();
}
