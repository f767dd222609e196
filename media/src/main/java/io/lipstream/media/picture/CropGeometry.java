package io.lipstream.media.picture;

/**
 * How a family of networks cuts the mouth's region out of a frame: the crop rectangle is resized to
 * a square crop, whose inner part without the border is the region of interest (ROI).
 *
 * @param roiPx side of the ROI, 320 for the SyncTalk_2D family
 * @param borderPx pixels of the crop on each side of the ROI, 4 for that family
 * @param maskBox what the network must draw, blanked in its input; pixels of the ROI
 */
public record CropGeometry(int roiPx, int borderPx, Rect maskBox) {
  public CropGeometry {
    if (roiPx < 4 || borderPx < 0) {
      throw new IllegalArgumentException(
          "no crop has a region of " + roiPx + " pixels with a border of " + borderPx);
    }
    if (!maskBox.fitsIn(roiPx, roiPx)) {
      throw new IllegalArgumentException(
          "the mask box " + maskBox + " leaves the region of " + roiPx + "x" + roiPx + " pixels");
    }
  }

  /** Side of the whole crop, 328 for the SyncTalk_2D family. */
  public int cropPx() {
    return roiPx + 2 * borderPx;
  }
}
