package io.lipstream.media.lipsync;

import io.lipstream.media.picture.Rect;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The SHA-256 by which an avatar's pictures are known on the wire: over one line of ASCII and then
 * every ROI in order, interleaved B, G, R.
 *
 * <pre>
 *   lipstream-visuals/1 frames=500 side=320 mask=5,5,315,310\n
 * </pre>
 *
 * One owner; pictures are added one after the other.
 */
public final class VisualsSum {
  /** Bytes of a sum. */
  public static final int BYTES = 32;

  private final MessageDigest digest;

  public VisualsSum(int frameCount, int sidePx, Rect mask) {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    String head =
        "lipstream-visuals/1 frames=%d side=%d mask=%d,%d,%d,%d\n"
            .formatted(frameCount, sidePx, mask.x1(), mask.y1(), mask.x2(), mask.y2());
    digest.update(head.getBytes(StandardCharsets.US_ASCII));
  }

  /** The sum of an avatar, which decodes every frame of it. */
  public static byte[] of(ReferenceCrops crops, Rect mask) {
    VisualsSum sum = new VisualsSum(crops.frameCount(), crops.roiPx(), mask);
    byte[] roi = new byte[3 * crops.roiPx() * crops.roiPx()];
    for (int frame = 0; frame < crops.frameCount(); frame++) {
      crops.copyRoi(frame, roi);
      sum.add(roi);
    }
    return sum.finish();
  }

  /** Takes the next picture. */
  public void add(byte[] roi) {
    digest.update(roi);
  }

  /** The sum over what was added, after which there is no more to add. */
  public byte[] finish() {
    return digest.digest();
  }
}
