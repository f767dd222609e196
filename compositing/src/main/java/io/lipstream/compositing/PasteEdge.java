package io.lipstream.compositing;

/** How a generated mouth meets the frame around it. */
public enum PasteEdge {
  /** Blends over a soft margin and matches the mouth's colours to the frame at the seam. */
  FEATHERED,

  /** Overwrites the whole rectangle, as the reference pipeline does: for comparisons. */
  REFERENCE
}
