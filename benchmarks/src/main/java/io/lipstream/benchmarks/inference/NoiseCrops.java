package io.lipstream.benchmarks.inference;

import io.lipstream.media.lipsync.ReferenceCrops;
import java.util.Random;

/** Pictures of noise that cost one array copy, as a decoded frame cache does. */
final class NoiseCrops implements ReferenceCrops {
  private static final int FRAMES = 8;
  private static final int ROI_PX = 320;

  private final byte[][] pictures = new byte[FRAMES][3 * ROI_PX * ROI_PX];

  NoiseCrops() {
    Random random = new Random(1);
    for (byte[] picture : pictures) {
      random.nextBytes(picture);
    }
  }

  @Override
  public int frameCount() {
    return FRAMES;
  }

  @Override
  public int roiPx() {
    return ROI_PX;
  }

  @Override
  public void copyRoi(int frameIndex, byte[] bgr) {
    System.arraycopy(pictures[frameIndex], 0, bgr, 0, bgr.length);
  }
}
