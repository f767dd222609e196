package io.lipstream.inference.server;

import io.lipstream.inference.ChannelOrder;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.TensorSlot;
import io.lipstream.inference.ValueRange;
import io.lipstream.inference.VisualTensor;
import io.lipstream.media.avatar.GeneratorFamily;
import io.lipstream.media.lipsync.ReferenceCrops;
import io.lipstream.media.picture.Rect;
import java.nio.file.Path;

/**
 * An avatar's pictures as a generator looks at them: each frame's ROI, interleaved B, G, R, and the
 * box that is blanked.
 *
 * <p>Filled by one thread, then read by all.
 */
final class Visuals {
  private final int sidePx;
  private final byte[][] rois;
  private final VisualTensor tensor;

  /**
   * Room for an avatar's pictures.
   *
   * @param sidePx side of the ROI, which decides the family
   */
  Visuals(int frameCount, int sidePx, Rect mask) {
    this.sidePx = sidePx;
    rois = new byte[frameCount][];
    tensor = new VisualTensor(spec(familyOf(sidePx), mask));
  }

  /** Copies the pictures of an avatar that is at hand. */
  static Visuals of(ReferenceCrops crops, Rect mask) {
    Visuals visuals = new Visuals(crops.frameCount(), crops.roiPx(), mask);
    for (int frame = 0; frame < crops.frameCount(); frame++) {
      crops.copyRoi(frame, visuals.newRoi(frame));
    }
    return visuals;
  }

  /** Whether some family looks at pictures of this size. */
  static boolean isSide(long sidePx) {
    for (GeneratorFamily family : GeneratorFamily.values()) {
      if (family.roiPx() == sidePx) {
        return true;
      }
    }
    return false;
  }

  private static GeneratorFamily familyOf(int sidePx) {
    for (GeneratorFamily family : GeneratorFamily.values()) {
      if (family.roiPx() == sidePx) {
        return family;
      }
    }
    throw new IllegalArgumentException("no family looks at pictures of " + sidePx + " pixels");
  }

  static GeneratorSpec spec(int sidePx) {
    GeneratorFamily family = familyOf(sidePx);
    return spec(family, family.defaultMask());
  }

  private static GeneratorSpec spec(GeneratorFamily family, Rect mask) {
    return new GeneratorSpec(
        "", Path.of(""), family, mask, ChannelOrder.BGR, ValueRange.UNIT, "", "", "");
  }

  int sidePx() {
    return sidePx;
  }

  int frameCount() {
    return rois.length;
  }

  static long bytes(long frameCount, long sidePx) {
    return frameCount * 3 * sidePx * sidePx;
  }

  long bytes() {
    return bytes(rois.length, sidePx);
  }

  /** The array of a frame's picture, to be filled. */
  byte[] newRoi(int frame) {
    byte[] roi = new byte[3 * sidePx * sidePx];
    rois[frame] = roi;
    return roi;
  }

  /** Room for one row, which {@link #write} needs. */
  float[][] newRow() {
    return tensor.newRow();
  }

  /** Writes a frame's picture and its masked copy as the generator's input. */
  void write(int frame, TensorSlot slot, float[][] row) {
    tensor.write(rois[frame], slot, row);
  }
}
