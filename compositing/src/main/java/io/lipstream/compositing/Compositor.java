package io.lipstream.compositing;

import io.lipstream.compositing.PastePlan.Axis;
import io.lipstream.media.picture.CropGeometry;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.picture.Rect;
import java.util.ArrayList;
import java.util.List;

/**
 * Pastes generated mouths into an avatar's frames.
 *
 * <p>Out of the frame come its bytes alone: mouth and frame meet in luma and chroma, so an avatar
 * needs no second copy of its pictures in B, G, R, and a pixel of weight 0 keeps its byte.
 *
 * <p>One for each session, used by one thread: it follows the colours at the seam from frame to
 * frame. It keeps one small plan for each size of rectangle; after the first paste of a size
 * nothing is allocated.
 */
public final class Compositor {
  private final CropGeometry geometry;
  private final PasteEdge edge;
  private final MouthPatch patch;
  private final List<PastePlan> plans = new ArrayList<>();
  private final SeamColour seamY = new SeamColour();
  private final SeamColour seamU = new SeamColour();
  private final SeamColour seamV = new SeamColour();
  private int[] frameRow = {};

  public Compositor(CropGeometry geometry, PasteEdge edge) {
    this.geometry = geometry;
    this.edge = edge;
    patch = new MouthPatch(geometry);
  }

  /**
   * Writes the frame with the mouth into another frame.
   *
   * @param frame the avatar's frame, left as it is
   * @param rect its crop rectangle, inside the frame
   * @param mouths bytes trunc(255 v), planes B, G, R of roi x roi from the offset on
   * @param mouthWeight 1 shows the mouth, 0 the frame alone (the mouth is then not read)
   * @param out receives the picture; another frame of the same size
   */
  public void paste(
      I420Frame frame, Rect rect, byte[] mouths, int offset, float mouthWeight, I420Frame out) {
    requireFits(frame, rect, out);
    if (!(mouthWeight >= 0 && mouthWeight <= 1)) {
      throw new IllegalArgumentException("a mouth's weight is 0 to 1, not " + mouthWeight);
    }
    System.arraycopy(frame.data(), 0, out.data(), 0, frame.data().length);
    if (mouthWeight == 0) {
      return;
    }
    PastePlan plan = plan(rect);
    switch (edge) {
      case FEATHERED -> patch.completeWithItself(mouths, offset);
      case REFERENCE -> patch.completeWithFrame(mouths, offset, frame, rect);
    }
    patch.draw(plan, rect.x1() & 1, rect.y1() & 1);
    int stride = frame.widthPx();
    int at = rect.y1() * stride + rect.x1();
    blend(
        patch.luma,
        plan.lumaColumns,
        plan.lumaRows,
        seamY,
        plan.marginPx,
        mouthWeight,
        out,
        at,
        stride);
    Axis columns = plan.chromaColumns(rect.x1());
    Axis rows = plan.chromaRows(rect.y1());
    int chromaStride = stride / 2;
    int chromaAt = rect.y1() / 2 * chromaStride + rect.x1() / 2;
    int margin = plan.marginPx / 2;
    blend(
        patch.u,
        columns,
        rows,
        seamU,
        margin,
        mouthWeight,
        out,
        out.uOffset() + chromaAt,
        chromaStride);
    blend(
        patch.v,
        columns,
        rows,
        seamV,
        margin,
        mouthWeight,
        out,
        out.vOffset() + chromaAt,
        chromaStride);
  }

  private void blend(
      float[] mouth,
      Axis columns,
      Axis rows,
      SeamColour seam,
      int margin,
      float mouthWeight,
      I420Frame out,
      int offset,
      int stride) {
    if (edge == PasteEdge.FEATHERED) {
      seam.follow(mouth, columns, rows, margin, out.data(), offset, stride);
    }
    for (int y = 0; y < rows.weights.length; y++) {
      blendRow(
          mouth,
          y * columns.weights.length,
          columns,
          mouthWeight * rows.weights[y],
          seam.atRow(rows.places[y]),
          seam.across(),
          out.data(),
          offset + y * stride);
    }
  }

  /** Two simple loops, because HotSpot then turns each into vector instructions. */
  private void blendRow(
      float[] mouth,
      int from,
      Axis columns,
      float rowWeight,
      float shift,
      float slope,
      byte[] plane,
      int at) {
    int[] under = frameRow;
    float[] weights = columns.weights;
    float[] places = columns.places;
    for (int x = 0; x < weights.length; x++) {
      under[x] = plane[at + x] & 0xff;
    }
    for (int x = 0; x < weights.length; x++) {
      float over = Math.max(16f, Math.min(240f, mouth[from + x] + shift + slope * places[x]));
      plane[at + x] = (byte) (int) (under[x] + rowWeight * weights[x] * (over - under[x]) + 0.5f);
    }
  }

  private PastePlan plan(Rect rect) {
    for (int i = 0; i < plans.size(); i++) {
      if (plans.get(i).serves(rect.widthPx(), rect.heightPx())) {
        return plans.get(i);
      }
    }
    PastePlan plan = new PastePlan(geometry.cropPx(), rect.widthPx(), rect.heightPx(), edge);
    plans.add(plan);
    frameRow = new int[Math.max(frameRow.length, rect.widthPx())];
    return plan;
  }

  private static void requireFits(I420Frame frame, Rect rect, I420Frame out) {
    if (frame == out
        || frame.widthPx() != out.widthPx()
        || frame.heightPx() != out.heightPx()
        || !rect.fitsIn(frame.widthPx(), frame.heightPx())) {
      throw new IllegalArgumentException(
          "cannot paste "
              + (rect + " of a " + frame.widthPx() + "x" + frame.heightPx() + " frame into ")
              + (frame == out ? "itself" : out.widthPx() + "x" + out.heightPx()));
    }
  }
}
