package io.lipstream.compositing;

import io.lipstream.compositing.PastePlan.Axis;

/**
 * Follows the difference of colour, in one plane, between generated mouths and the frames around
 * them, so that the mouth can be shifted to meet the frame at the seam.
 *
 * <p>A network's skin is often a few levels off, more on one side than on the other. The model is
 * therefore a level plus a slope across and a slope down, fitted to the soft margin, where mouth
 * and frame show the same skin. The margin is symmetric, so the three are independent sums. A
 * margin also holds what truly moved, a chin or a collar: each difference is limited before it
 * counts, the result is limited, and it follows from frame to frame slowly enough not to be seen.
 * The first frame is taken at once; steady pictures give a steady correction.
 */
final class SeamColour {
  private static final float MOST_DIFFERENCE = 16;
  private static final float MOST_LEVEL = 12;
  private static final float MOST_SLOPE = 6;

  /** Share of a new measurement that enters: half of a change within about 100 ms. */
  private static final float FOLLOW = 0.25f;

  /** Every second pixel of every second row is enough for three numbers. */
  private static final int STEP = 2;

  private float level;
  private float across;
  private float down;
  private boolean started;

  private float sum;
  private float sumAcross;
  private float sumDown;
  private float squareAcross;
  private float squareDown;
  private int count;

  /** What to add in the middle of a row at this place down the rectangle. */
  float atRow(float downPlace) {
    return level + down * downPlace;
  }

  /** What to add on the way from the middle of a row to its right end. */
  float across() {
    return across;
  }

  /**
   * Measures one frame and moves towards it.
   *
   * @param mouth samples [rows][columns]
   * @param margin depth of the soft margin in samples
   * @param plane the frame's bytes, the rectangle's first sample at the offset
   */
  void follow(
      float[] mouth, Axis columns, Axis rows, int margin, byte[] plane, int offset, int stride) {
    int width = columns.places.length;
    int height = rows.places.length;
    clear();
    for (int y = 0; y < height; y += STEP) {
      boolean wholeRow = y < margin || y >= height - margin;
      int row = offset + y * stride;
      for (int x = 0; x < width; x += STEP) {
        if (!wholeRow && x >= margin && x < width - margin) {
          x = width - margin;
        }
        float difference = (plane[row + x] & 0xff) - mouth[y * width + x];
        add(difference, columns.places[x], rows.places[y]);
      }
    }
    settle();
  }

  private void clear() {
    sum = 0;
    sumAcross = 0;
    sumDown = 0;
    squareAcross = 0;
    squareDown = 0;
    count = 0;
  }

  private void add(float difference, float acrossPlace, float downPlace) {
    float limited = Math.clamp(difference, -MOST_DIFFERENCE, MOST_DIFFERENCE);
    sum += limited;
    sumAcross += limited * acrossPlace;
    sumDown += limited * downPlace;
    squareAcross += acrossPlace * acrossPlace;
    squareDown += downPlace * downPlace;
    count++;
  }

  private void settle() {
    float share = started ? FOLLOW : 1;
    started = true;
    level += share * (Math.clamp(sum / count, -MOST_LEVEL, MOST_LEVEL) - level);
    across += share * (Math.clamp(sumAcross / squareAcross, -MOST_SLOPE, MOST_SLOPE) - across);
    down += share * (Math.clamp(sumDown / squareDown, -MOST_SLOPE, MOST_SLOPE) - down);
  }
}
