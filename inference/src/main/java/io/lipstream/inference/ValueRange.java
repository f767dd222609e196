package io.lipstream.inference;

/**
 * The numbers that a network takes for black and for full brightness.
 *
 * @param black the value of byte 0
 * @param white the value of byte 255
 */
public record ValueRange(float black, float white) {
  /** Bytes divided by 255. */
  public static final ValueRange UNIT = new ValueRange(0, 1);

  public ValueRange {
    if (!Float.isFinite(black) || !Float.isFinite(white) || white <= black) {
      throw new IllegalArgumentException("no value range: " + black + " to " + white);
    }
  }

  float ofByte(int value) {
    return black + value / 255f * (white - black);
  }
}
