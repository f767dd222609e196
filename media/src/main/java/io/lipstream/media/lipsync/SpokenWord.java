package io.lipstream.media.lipsync;

/**
 * A word as a voice said it.
 *
 * @param text as it was pronounced: a number may be several words
 * @param startFrame of the sound it is part of
 * @param endFrame the first after it; a pause may follow
 */
public record SpokenWord(String text, long startFrame, long endFrame) {
  public SpokenWord {
    if (startFrame < 0 || endFrame < startFrame) {
      throw new IllegalArgumentException(
          "\"" + text + "\" cannot be said from frame " + startFrame + " to " + endFrame);
    }
  }
}
