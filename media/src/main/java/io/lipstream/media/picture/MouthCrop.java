package io.lipstream.media.picture;

import java.util.Arrays;

/**
 * Cuts what the generator sees out of frames: rectangle, square crop, region of interest, mask.
 *
 * <p>One thread at a time; the plan of the last rectangle size is kept, because neighbouring frames
 * mostly share it.
 */
public final class MouthCrop {
  private final CropGeometry geometry;
  private final BgrPicture crop;
  private BicubicResize resize;

  public MouthCrop(CropGeometry geometry) {
    this.geometry = geometry;
    int sidePx = geometry.cropPx();
    crop = new BgrPicture(sidePx, sidePx);
    resize = new BicubicResize(sidePx, sidePx, sidePx, sidePx);
  }

  /** Resizes the rectangle of a picture to the square crop. */
  public void crop(BgrPicture frame, Rect rect, BgrPicture target) {
    if (rect.widthPx() != resize.sourceWidthPx() || rect.heightPx() != resize.sourceHeightPx()) {
      resize =
          new BicubicResize(rect.widthPx(), rect.heightPx(), geometry.cropPx(), geometry.cropPx());
    }
    resize.resize(frame, rect, target);
  }

  /**
   * Cuts out the unmasked region of interest.
   *
   * @param roiBgr receives interleaved B, G, R bytes, [roi][roi][3]
   */
  public void roi(BgrPicture frame, Rect rect, byte[] roiBgr) {
    requireRoi(roiBgr);
    crop(frame, rect, crop);
    int rowBytes = geometry.roiPx() * 3;
    int border = geometry.borderPx();
    for (int y = 0; y < geometry.roiPx(); y++) {
      int from = ((y + border) * geometry.cropPx() + border) * 3;
      System.arraycopy(crop.data(), from, roiBgr, y * rowBytes, rowBytes);
    }
  }

  /** Blanks the mask box of a region of interest with black. */
  public void mask(byte[] roiBgr) {
    requireRoi(roiBgr);
    Rect box = geometry.maskBox();
    for (int y = box.y1(); y < box.y2(); y++) {
      int row = y * geometry.roiPx();
      Arrays.fill(roiBgr, (row + box.x1()) * 3, (row + box.x2()) * 3, (byte) 0);
    }
  }

  private void requireRoi(byte[] roiBgr) {
    int roiPx = geometry.roiPx();
    if (roiBgr.length != roiPx * roiPx * 3) {
      throw new IllegalArgumentException(
          roiBgr.length + " bytes are not a B,G,R region of " + roiPx + "x" + roiPx);
    }
  }
}
