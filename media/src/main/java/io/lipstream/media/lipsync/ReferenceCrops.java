package io.lipstream.media.lipsync;

/**
 * The pictures of an avatar that the generator looks at: for each frame the square region of
 * interest (ROI) inside the crop rectangle.
 *
 * <p>Thread-safe.
 */
public interface ReferenceCrops {
  int frameCount();

  /** Side of the square, 320 for the SyncTalk_2D family. */
  int roiPx();

  /** Writes the frame's ROI as interleaved B, G, R bytes, [roi][roi][3]. */
  void copyRoi(int frameIndex, byte[] bgr);
}
