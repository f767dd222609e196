package io.lipstream.compositing;

import io.lipstream.media.picture.BicubicResize;

/**
 * What pasting into rectangles of one size needs and no picture changes: the resize, and the weight
 * of the mouth at every luma pixel and chroma sample.
 *
 * <p>A weight is the product of one for its column and one for its row, so a rectangle costs a few
 * short arrays and its corners come out round. Rectangles may begin at an even or an odd pixel,
 * which decides the pixels that share a chroma sample: those axes exist for both.
 */
final class PastePlan {
  /** Feathered share of each side: wide enough to hide a seam, narrow enough to spare the chin. */
  private static final double MARGIN_SHARE = 0.1;

  final int widthPx;
  final int heightPx;

  /** Depth of the soft margin; 0 with a hard edge. */
  final int marginPx;

  final BicubicResize resize;
  final Axis lumaColumns;
  final Axis lumaRows;
  private final Axis[] chromaColumns;
  private final Axis[] chromaRows;

  PastePlan(int cropPx, int widthPx, int heightPx, PasteEdge edge) {
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    marginPx =
        switch (edge) {
          case FEATHERED -> Math.max(2, (int) (Math.min(widthPx, heightPx) * MARGIN_SHARE));
          case REFERENCE -> 0;
        };
    resize = new BicubicResize(cropPx, cropPx, widthPx, heightPx);
    lumaColumns = Axis.luma(widthPx, marginPx);
    lumaRows = Axis.luma(heightPx, marginPx);
    chromaColumns = new Axis[] {Axis.chroma(lumaColumns, 0), Axis.chroma(lumaColumns, 1)};
    chromaRows = new Axis[] {Axis.chroma(lumaRows, 0), Axis.chroma(lumaRows, 1)};
  }

  boolean serves(int width, int height) {
    return widthPx == width && heightPx == height;
  }

  /** The chroma samples under rectangles whose left column is x1. */
  Axis chromaColumns(int x1) {
    return chromaColumns[x1 & 1];
  }

  /** The chroma samples under rectangles whose top row is y1. */
  Axis chromaRows(int y1) {
    return chromaRows[y1 & 1];
  }

  /** The samples of one plane along one side of the rectangle. */
  static final class Axis {
    /** Share of the mouth in each sample. */
    final float[] weights;

    /** Place of each sample between the rectangle's ends, -1 to 1. */
    final float[] places;

    private Axis(int count) {
      weights = new float[count];
      places = new float[count];
    }

    /** Rises from 0 at the rectangle's border to 1 inside as a raised cosine. */
    private static Axis luma(int sidePx, int marginPx) {
      Axis axis = new Axis(sidePx);
      for (int i = 0; i < sidePx; i++) {
        double depthPx = Math.min(i, sidePx - 1 - i) + 0.5;
        boolean inside = depthPx >= marginPx;
        axis.weights[i] = inside ? 1 : (float) (0.5 - 0.5 * Math.cos(Math.PI * depthPx / marginPx));
        axis.places[i] = (2 * i + 1f) / sidePx - 1;
      }
      return axis;
    }

    /**
     * The mean of both pixels of a sample. A pixel outside the rectangle counts with weight 0, so a
     * sample shared with the outside changes by its inner part only.
     */
    private static Axis chroma(Axis luma, int parity) {
      int sidePx = luma.weights.length;
      Axis axis = new Axis(samples(sidePx, parity));
      for (int i = 0; i < sidePx; i++) {
        axis.weights[(i + parity) / 2] += luma.weights[i] / 2;
      }
      for (int i = 0; i < axis.places.length; i++) {
        axis.places[i] = 2 * (2 * i + 1f - parity) / sidePx - 1;
      }
      return axis;
    }

    /** Chroma samples touched by a side that begins at an even (0) or odd (1) pixel. */
    static int samples(int sidePx, int parity) {
      return (sidePx + parity + 1) / 2;
    }
  }
}
