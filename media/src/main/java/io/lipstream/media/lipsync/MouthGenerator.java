package io.lipstream.media.lipsync;

import io.lipstream.media.audio.FeatureWindows;

/**
 * Draws the lower face of one avatar for given frames and sounds.
 *
 * <p>Thread-safe: several threads may call at once, each with its own arrays.
 */
public interface MouthGenerator extends AutoCloseable {
  /** Floats of one audio window: 16 features of 512, row-major, read by the network as 32x16x16. */
  int AUDIO_WINDOW_FLOATS = FeatureWindows.WINDOW_FLOATS;

  /** The most frames one call may ask for. */
  int maxBatch();

  /** Side of the square the network draws, 320 for the SyncTalk_2D family. */
  int roiPx();

  /**
   * Draws mouths for frames that may belong to any moments of any utterances.
   *
   * @param count frames to draw, at most {@link #maxBatch()}
   * @param frameIndices the avatar's frame under each picture, [count]
   * @param audioWindows [count][16][512]
   * @param mouths receives pictures as bytes trunc(255 v), [count][3][roi][roi], planes B, G, R
   * @throws io.lipstream.media.LipstreamException if the network yields a value that is not a
   *     number
   */
  void generate(int count, int[] frameIndices, float[] audioWindows, byte[] mouths);

  @Override
  void close();
}
