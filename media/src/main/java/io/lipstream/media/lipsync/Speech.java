package io.lipstream.media.lipsync;

import io.lipstream.media.audio.PcmSource;
import java.util.List;

/** A text's sound from a voice that may know when it says which word. */
public interface Speech extends PcmSource {

  /**
   * The words that are known so far, in order: at least those whose sound was read, where the voice
   * tells times at all. The list does not change; a later call gives a longer one.
   */
  List<SpokenWord> words();
}
