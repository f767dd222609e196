package io.lipstream.compositing;

import io.lipstream.media.picture.BgrPicture;
import io.lipstream.media.picture.BicubicResize;
import io.lipstream.media.picture.Bt601;
import io.lipstream.media.picture.CropGeometry;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.picture.Rect;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One generated mouth on its way into a frame: completed to the square crop, resized to the
 * rectangle, and turned into luma and chroma.
 *
 * <p>Fractions are kept to the end, so rounding happens once. Scratch memory grows to the largest
 * rectangle seen and is reused; one thread at a time.
 */
final class MouthPatch {
  private final CropGeometry geometry;

  /** The crop as bytes [3][cropPx][cropPx]. */
  private final byte[] crop;

  /** The rectangle as floats [3][height][width], B, G, R. */
  private float[] bgr = {};

  private float[] chromaRowU = {};
  private float[] chromaRowV = {};

  /** Luma [height][width]. */
  float[] luma = {};

  /** Chroma [samples down][samples across], aligned to the frame's own 2x2 blocks. */
  float[] u = {};

  float[] v = {};

  private final BgrPicture frameCrop;
  private @Nullable BgrPicture frameRect;
  private @Nullable BicubicResize frameResize;

  MouthPatch(CropGeometry geometry) {
    this.geometry = geometry;
    int cropPx = geometry.cropPx();
    crop = new byte[3 * cropPx * cropPx];
    frameCrop = new BgrPicture(cropPx, cropPx);
  }

  /** Places the mouth into the crop and repeats its outermost pixels in the border. */
  void completeWithItself(byte[] mouths, int offset) {
    placeMouth(mouths, offset);
    int cropPx = geometry.cropPx();
    int border = geometry.borderPx();
    for (int c = 0; c < 3; c++) {
      int plane = c * cropPx * cropPx;
      for (int y = border; y < cropPx - border; y++) {
        int row = plane + y * cropPx;
        Arrays.fill(crop, row, row + border, crop[row + border]);
        int end = row + cropPx;
        Arrays.fill(crop, end - border, end, crop[end - border - 1]);
      }
      for (int i = 0; i < border; i++) {
        System.arraycopy(crop, plane + border * cropPx, crop, plane + i * cropPx, cropPx);
        int last = plane + (cropPx - border - 1) * cropPx;
        System.arraycopy(crop, last, crop, last + (i + 1) * cropPx, cropPx);
      }
    }
  }

  /** Places the mouth into the crop of the frame, whose border stays, as the reference does. */
  void completeWithFrame(byte[] mouths, int offset, I420Frame frame, Rect rect) {
    int cropPx = geometry.cropPx();
    BgrPicture picture = frameRect;
    BicubicResize resize = frameResize;
    if (picture == null
        || resize == null
        || picture.widthPx() != rect.widthPx()
        || picture.heightPx() != rect.heightPx()) {
      picture = new BgrPicture(rect.widthPx(), rect.heightPx());
      resize = new BicubicResize(rect.widthPx(), rect.heightPx(), cropPx, cropPx);
      frameRect = picture;
      frameResize = resize;
    }
    Bt601.toBgr(frame, rect, picture);
    resize.resize(picture, new Rect(0, 0, rect.widthPx(), rect.heightPx()), frameCrop);
    byte[] interleaved = frameCrop.data();
    int plane = cropPx * cropPx;
    for (int i = 0, at = 0; i < plane; i++, at += 3) {
      crop[i] = interleaved[at];
      crop[plane + i] = interleaved[at + 1];
      crop[2 * plane + i] = interleaved[at + 2];
    }
    placeMouth(mouths, offset);
  }

  private void placeMouth(byte[] mouths, int offset) {
    int roiPx = geometry.roiPx();
    int cropPx = geometry.cropPx();
    int border = geometry.borderPx();
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < roiPx; y++) {
        int from = offset + (c * roiPx + y) * roiPx;
        System.arraycopy(mouths, from, crop, (c * cropPx + y + border) * cropPx + border, roiPx);
      }
    }
  }

  /** Resizes the completed crop to the rectangle and converts it. */
  void draw(PastePlan plan, int parityX, int parityY) {
    reserve(plan.widthPx, plan.heightPx);
    plan.resize.resizePlanes(crop, 0, bgr);
    clamp(plan.widthPx * plan.heightPx * 3);
    drawLuma(plan.widthPx * plan.heightPx);
    drawChroma(plan.widthPx, plan.heightPx, parityX, parityY);
  }

  private void reserve(int widthPx, int heightPx) {
    int pixels = widthPx * heightPx;
    if (luma.length < pixels) {
      luma = new float[pixels];
      bgr = new float[3 * pixels];
    }
    int chromaWidth = PastePlan.Axis.samples(widthPx, 1);
    int samples = chromaWidth * PastePlan.Axis.samples(heightPx, 1);
    if (u.length < samples) {
      u = new float[samples];
      v = new float[samples];
    }
    if (chromaRowU.length < 2 * chromaWidth) {
      chromaRowU = new float[2 * chromaWidth];
      chromaRowV = new float[2 * chromaWidth];
    }
  }

  /** Sharp edges overshoot in the resize; a byte picture would have saturated here. */
  private void clamp(int count) {
    float[] values = bgr;
    for (int i = 0; i < count; i++) {
      values[i] = Math.max(0f, Math.min(255f, values[i]));
    }
  }

  private void drawLuma(int pixels) {
    float[] y = luma;
    float[] in = bgr;
    for (int i = 0; i < pixels; i++) {
      y[i] = 16 + 0.097906f * in[i] + 0.504129f * in[pixels + i] + 0.256788f * in[2 * pixels + i];
    }
  }

  /** Where a 2x2 block of the frame lies partly outside the rectangle, its inner part counts. */
  private void drawChroma(int widthPx, int heightPx, int parityX, int parityY) {
    int samplesAcross = PastePlan.Axis.samples(widthPx, parityX);
    int samplesDown = PastePlan.Axis.samples(heightPx, parityY);
    for (int row = 0; row < samplesDown; row++) {
      int top = Math.max(0, 2 * row - parityY);
      int bottom = Math.min(heightPx - 1, 2 * row + 1 - parityY);
      sumChromaRows(top * widthPx, bottom * widthPx, widthPx, widthPx * heightPx, parityX);
      halve(chromaRowU, widthPx, parityX, u, row * samplesAcross, samplesAcross);
      halve(chromaRowV, widthPx, parityX, v, row * samplesAcross, samplesAcross);
    }
  }

  private void sumChromaRows(int top, int bottom, int widthPx, int pixels, int start) {
    float[] in = bgr;
    float[] rowU = chromaRowU;
    float[] rowV = chromaRowV;
    for (int x = 0; x < widthPx; x++) {
      float b = in[top + x] + in[bottom + x];
      float g = in[pixels + top + x] + in[pixels + bottom + x];
      float r = in[2 * pixels + top + x] + in[2 * pixels + bottom + x];
      rowU[start + x] = 0.439216f * b - 0.290993f * g - 0.148223f * r;
      rowV[start + x] = 0.439216f * r - 0.367788f * g - 0.071427f * b;
    }
  }

  private static void halve(
      float[] row, int widthPx, int start, float[] out, int offset, int samples) {
    row[0] = start == 1 ? row[1] : row[0];
    int end = start + widthPx;
    if (end < 2 * samples) {
      row[end] = row[end - 1];
    }
    for (int i = 0; i < samples; i++) {
      out[offset + i] = 128 + 0.25f * (row[2 * i] + row[2 * i + 1]);
    }
  }
}
