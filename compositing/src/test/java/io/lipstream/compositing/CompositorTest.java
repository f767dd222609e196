package io.lipstream.compositing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.lipstream.media.picture.BgrPicture;
import io.lipstream.media.picture.BicubicResize;
import io.lipstream.media.picture.Bt601;
import io.lipstream.media.picture.CropGeometry;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.picture.MouthCrop;
import io.lipstream.media.picture.Rect;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CompositorTest {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 480;
  private static final int ROI = 320;
  private static final CropGeometry GEOMETRY = new CropGeometry(ROI, 4, new Rect(5, 5, 315, 310));
  private static final Rect RECT = new Rect(201, 115, 441, 355);

  private final BgrPicture picture = skin(WIDTH, HEIGHT);
  private final I420Frame frame = i420(picture);
  private final I420Frame out = new I420Frame(WIDTH, HEIGHT);

  @ParameterizedTest
  @EnumSource(PasteEdge.class)
  void pastingTheFramesOwnMouthGivesTheFrameWithinTwoLevels(PasteEdge edge) {
    long seed = System.nanoTime();
    System.out.println("seed of rectangles: " + seed);
    Random random = new Random(seed);
    Compositor compositor = new Compositor(GEOMETRY, edge);
    for (int round = 0; round < 25; round++) {
      Rect rect = randomRect(random);
      compositor.paste(frame, rect, ownMouth(rect), 0, 1, out);
      assertThat(largestDifference(frame, out)).as("%s", rect).isLessThanOrEqualTo(2);
    }
  }

  @ParameterizedTest
  @EnumSource(PasteEdge.class)
  void outsideTheRectangleNothingChanges(PasteEdge edge) {
    long seed = System.nanoTime();
    System.out.println("seed of rectangles: " + seed);
    Random random = new Random(seed);
    byte[] mouth = new byte[3 * ROI * ROI];
    for (int round = 0; round < 25; round++) {
      random.nextBytes(mouth);
      Rect rect = randomRect(random);
      new Compositor(GEOMETRY, edge).paste(frame, rect, mouth, 0, 1, out);
      assertUntouchedOutside(rect);
    }
  }

  @Test
  void aFeatheredChromaSampleSharedWithTheOutsideKeepsItsValue() {
    byte[] mouth = new byte[3 * ROI * ROI];
    new Random(1).nextBytes(mouth);
    new Compositor(GEOMETRY, PasteEdge.FEATHERED).paste(frame, RECT, mouth, 0, 1, out);
    for (int y = RECT.y1() / 2; y < RECT.y2() / 2; y++) {
      int at = frame.uOffset() + y * WIDTH / 2 + RECT.x1() / 2;
      assertThat((int) out.data()[at]).isCloseTo(frame.data()[at], within(1));
    }
  }

  @Test
  void weightZeroIsTheFrameBitForBitAndReadsNoMouth() {
    new Compositor(GEOMETRY, PasteEdge.FEATHERED).paste(frame, RECT, new byte[0], 0, 0, out);
    assertThat(out.data()).isEqualTo(frame.data());
  }

  @Test
  void weightsMoveEveryPixelFromFrameToMouth() {
    byte[] mouth = filledMouth(30, 40, 200);
    int centre = (RECT.y1() + 120) * WIDTH + RECT.x1() + 120;
    int previous = -1;
    for (float weight = 0; weight <= 1; weight += 0.25f) {
      new Compositor(GEOMETRY, PasteEdge.REFERENCE).paste(frame, RECT, mouth, 0, weight, out);
      int rest = frame.data()[centre] & 0xff;
      int shown = out.data()[centre] & 0xff;
      int full = 16 + Math.round(0.097906f * 30 + 0.504129f * 40 + 0.256788f * 200);
      assertThat(shown).isCloseTo(Math.round(rest + weight * (full - rest)), within(1));
      assertThat(shown).isNotEqualTo(previous);
      previous = shown;
    }
  }

  @Test
  void theReferenceEdgeEqualsOverwritingInTheBgrPicture() {
    Random random = new Random(11);
    for (int round = 0; round < 8; round++) {
      Rect rect = randomRect(random);
      byte[] mouth = waves(round);
      new Compositor(GEOMETRY, PasteEdge.REFERENCE).paste(frame, rect, mouth, 0, 1, out);
      I420Frame expected = i420(overwritten(rect, mouth));
      assertThat(largestLumaDifferenceInside(rect, expected, 4)).as("%s", rect).isLessThan(2);
    }
  }

  @Test
  void theMouthIsNotStretchedOverTheCropsBorder() {
    // A white cross through the middle of the mouth must come out in the middle of the rectangle
    // with the width that 328 crop pixels to the rectangle give it.
    byte[] mouth = filledMouth(0, 0, 0);
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < ROI; i++) {
        Arrays.fill(mouth, (c * ROI + i) * ROI + 41, (c * ROI + i) * ROI + 82, (byte) 255);
      }
    }
    Rect rect = new Rect(100, 60, 428, 388);
    new Compositor(GEOMETRY, PasteEdge.REFERENCE).paste(frame, rect, mouth, 0, 1, out);
    int row = 200 * WIDTH + rect.x1();
    assertThat(out.data()[row + 44] & 0xff).isEqualTo(16);
    assertThat(out.data()[row + 45] & 0xff).isEqualTo(235);
    assertThat(out.data()[row + 85] & 0xff).isEqualTo(235);
    assertThat(out.data()[row + 86] & 0xff).isEqualTo(16);
  }

  @Test
  void aMouthOfAnotherShadeLeavesNoStepAtTheSeam() {
    byte[] mouth = ownMouth(RECT);
    shade(mouth, 20, -14, 9);
    new Compositor(GEOMETRY, PasteEdge.FEATHERED).paste(frame, RECT, mouth, 0, 1, out);
    assertThat(largestNewStep(out)).isLessThanOrEqualTo(3);

    new Compositor(GEOMETRY, PasteEdge.REFERENCE).paste(frame, RECT, mouth, 0, 1, out);
    assertThat(largestNewStep(out)).as("what the test would see").isGreaterThan(4);
  }

  @Test
  void aShadeOfTheWholeMouthIsMatchedToTheFrame() {
    byte[] mouth = ownMouth(RECT);
    shade(mouth, 9, 9, 9);
    new Compositor(GEOMETRY, PasteEdge.FEATHERED).paste(frame, RECT, mouth, 0, 1, out);
    assertThat(largestDifference(frame, out)).isLessThanOrEqualTo(2);
  }

  @Test
  void aShadeGrowingAcrossTheMouthIsMatchedToTheFrame() {
    byte[] mouth = ownMouth(RECT);
    for (int i = 0; i < mouth.length; i++) {
      int shift = Math.round(8f * (i % ROI) / ROI - 4);
      mouth[i] = (byte) Math.clamp((mouth[i] & 0xff) + shift, 0, 255);
    }
    new Compositor(GEOMETRY, PasteEdge.FEATHERED).paste(frame, RECT, mouth, 0, 1, out);
    assertThat(largestDifference(frame, out)).isLessThanOrEqualTo(3);
  }

  @Test
  void whatMovedInsideKeepsItsColour() {
    byte[] mouth = ownMouth(RECT);
    for (int c = 0; c < 3; c++) {
      for (int y = 140; y < 220; y++) {
        Arrays.fill(mouth, (c * ROI + y) * ROI + 100, (c * ROI + y) * ROI + 220, (byte) 25);
      }
    }
    new Compositor(GEOMETRY, PasteEdge.FEATHERED).paste(frame, RECT, mouth, 0, 1, out);
    int centre = (RECT.y1() + 132) * WIDTH + RECT.x1() + 120;
    assertThat(out.data()[centre] & 0xff).isCloseTo(16 + 21, within(2));
  }

  @Test
  void steadyInputGivesASteadyPicture() {
    byte[] mouth = waves(3);
    Compositor compositor = new Compositor(GEOMETRY, PasteEdge.FEATHERED);
    compositor.paste(frame, RECT, mouth, 0, 1, out);
    byte[] first = out.data().clone();
    for (int i = 0; i < 10; i++) {
      compositor.paste(frame, RECT, mouth, 0, 1, out);
      assertThat(out.data()).isEqualTo(first);
    }
  }

  @Test
  void aFlickeringShadeReachesThePictureDamped() {
    Compositor compositor = new Compositor(GEOMETRY, PasteEdge.FEATHERED);
    byte[] plain = ownMouth(RECT);
    byte[] moved = plain.clone();
    for (int c = 0; c < 3; c++) {
      // A dark collar rising into the lower margin for one frame must not shift the whole face.
      Arrays.fill(moved, (c * ROI + 290) * ROI, (c + 1) * ROI * ROI, (byte) 20);
    }
    compositor.paste(frame, RECT, plain, 0, 1, out);
    int centre = (RECT.y1() + 100) * WIDTH + RECT.x1() + 120;
    int before = out.data()[centre] & 0xff;
    compositor.paste(frame, RECT, moved, 0, 1, out);
    assertThat(out.data()[centre] & 0xff).isCloseTo(before, within(2));
  }

  @Test
  void mouthsAreReadFromTheirOffset() {
    byte[] mouth = waves(2);
    byte[] batch = new byte[mouth.length * 3];
    System.arraycopy(mouth, 0, batch, mouth.length, mouth.length);
    new Compositor(GEOMETRY, PasteEdge.FEATHERED).paste(frame, RECT, mouth, 0, 1, out);
    byte[] expected = out.data().clone();
    new Compositor(GEOMETRY, PasteEdge.FEATHERED).paste(frame, RECT, batch, mouth.length, 1, out);
    assertThat(out.data()).isEqualTo(expected);
  }

  @ParameterizedTest
  @EnumSource(PasteEdge.class)
  void nothingIsAllocatedAfterTheFirstPasteOfASize(PasteEdge edge) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Compositor compositor = new Compositor(GEOMETRY, edge);
    byte[] mouth = waves(1);
    Rect even = new Rect(200, 116, 440, 356);
    compositor.paste(frame, RECT, mouth, 0, 1, out);
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 20; i++) {
      compositor.paste(frame, i % 2 == 0 ? even : RECT, mouth, 0, 1, out);
    }
    long bytesPerPaste = (threads.getCurrentThreadAllocatedBytes() - before) / 20;
    assertThat(bytesPerPaste).as("bytes; one small rectangle is what may be left").isLessThan(64);
  }

  @Test
  void refusesARectangleOutsideTheFrame() {
    Compositor compositor = new Compositor(GEOMETRY, PasteEdge.FEATHERED);
    Rect outside = new Rect(500, 100, 740, 340);
    assertThatThrownBy(() -> compositor.paste(frame, outside, waves(0), 0, 1, out))
        .hasMessageContaining("x2=740")
        .hasMessageContaining("640x480");
  }

  @Test
  void refusesWeightsThatAreNone() {
    Compositor compositor = new Compositor(GEOMETRY, PasteEdge.FEATHERED);
    assertThatThrownBy(() -> compositor.paste(frame, RECT, waves(0), 0, Float.NaN, out))
        .hasMessageContaining("NaN");
  }

  private static Offset<Integer> within(int levels) {
    return Offset.offset(levels);
  }

  /** Squares of 60 to 420 pixels, half of them touching the frame's edge. */
  private static Rect randomRect(Random random) {
    int side = 60 + random.nextInt(361);
    int x = random.nextInt(WIDTH - side + 1);
    int y = random.nextInt(HEIGHT - side + 1);
    return switch (random.nextInt(8)) {
      case 0 -> new Rect(0, y, side, y + side);
      case 1 -> new Rect(x, 0, x + side, side);
      case 2 -> new Rect(WIDTH - side, y, WIDTH, y + side);
      case 3 -> new Rect(x, HEIGHT - side, x + side, HEIGHT);
      default -> new Rect(x, y, x + side, y + side);
    };
  }

  /** A smooth picture in skin's colours: what survives two resizes. */
  private static BgrPicture skin(int width, int height) {
    BgrPicture picture = new BgrPicture(width, height);
    int at = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        double wave = 18 * Math.sin(x / 41.0 + y / 67.0) + 12 * Math.cos(y / 29.0);
        picture.data()[at++] = (byte) (105 + wave);
        picture.data()[at++] = (byte) (135 + wave);
        picture.data()[at++] = (byte) (185 + wave);
      }
    }
    return picture;
  }

  private static I420Frame i420(BgrPicture picture) {
    I420Frame frame = new I420Frame(picture.widthPx(), picture.heightPx());
    Bt601.toI420(picture, frame);
    return frame;
  }

  private byte[] ownMouth(Rect rect) {
    byte[] roi = new byte[3 * ROI * ROI];
    new MouthCrop(GEOMETRY).roi(picture, rect, roi);
    byte[] planes = new byte[roi.length];
    for (int i = 0; i < roi.length; i++) {
      planes[i % 3 * ROI * ROI + i / 3] = roi[i];
    }
    return planes;
  }

  private static byte[] filledMouth(int b, int g, int r) {
    byte[] mouth = new byte[3 * ROI * ROI];
    Arrays.fill(mouth, 0, ROI * ROI, (byte) b);
    Arrays.fill(mouth, ROI * ROI, 2 * ROI * ROI, (byte) g);
    Arrays.fill(mouth, 2 * ROI * ROI, 3 * ROI * ROI, (byte) r);
    return mouth;
  }

  private static byte[] waves(int phase) {
    byte[] mouth = new byte[3 * ROI * ROI];
    for (int i = 0; i < mouth.length; i++) {
      mouth[i] = (byte) (128 + 100 * Math.sin((i % ROI + 2 * (i / ROI)) / 37.0 + phase));
    }
    return mouth;
  }

  private static void shade(byte[] mouth, int b, int g, int r) {
    int[] shifts = {b, g, r};
    for (int i = 0; i < mouth.length; i++) {
      mouth[i] = (byte) Math.clamp((mouth[i] & 0xff) + shifts[i / (ROI * ROI)], 0, 255);
    }
  }

  /** The reference paste done the long way. */
  private BgrPicture overwritten(Rect rect, byte[] mouth) {
    int cropPx = GEOMETRY.cropPx();
    BgrPicture crop = new BgrPicture(cropPx, cropPx);
    new MouthCrop(GEOMETRY).crop(picture, rect, crop);
    for (int i = 0; i < mouth.length; i++) {
      int pixel = i % (ROI * ROI);
      int at = (pixel / ROI + 4) * cropPx + pixel % ROI + 4;
      crop.data()[at * 3 + i / (ROI * ROI)] = mouth[i];
    }
    BgrPicture pasted = new BgrPicture(rect.widthPx(), rect.heightPx());
    new BicubicResize(cropPx, cropPx, rect.widthPx(), rect.heightPx())
        .resize(crop, new Rect(0, 0, cropPx, cropPx), pasted);
    BgrPicture whole = new BgrPicture(WIDTH, HEIGHT, picture.data().clone());
    for (int y = 0; y < rect.heightPx(); y++) {
      System.arraycopy(
          pasted.data(),
          y * rect.widthPx() * 3,
          whole.data(),
          ((rect.y1() + y) * WIDTH + rect.x1()) * 3,
          rect.widthPx() * 3);
    }
    return whole;
  }

  private static int largestDifference(I420Frame a, I420Frame b) {
    int largest = 0;
    for (int i = 0; i < a.data().length; i++) {
      largest = Math.max(largest, Math.abs((a.data()[i] & 0xff) - (b.data()[i] & 0xff)));
    }
    return largest;
  }

  private int largestLumaDifferenceInside(Rect rect, I420Frame expected, int inset) {
    int largest = 0;
    for (int y = rect.y1() + inset; y < rect.y2() - inset; y++) {
      for (int x = rect.x1() + inset; x < rect.x2() - inset; x++) {
        int i = y * WIDTH + x;
        largest = Math.max(largest, Math.abs((expected.data()[i] & 0xff) - (out.data()[i] & 0xff)));
      }
    }
    return largest;
  }

  /** How much steeper the picture became between neighbours anywhere near the rectangle. */
  private int largestNewStep(I420Frame result) {
    int largest = 0;
    for (int y = RECT.y1() - 4; y < RECT.y2() + 4; y++) {
      for (int x = RECT.x1() - 4; x < RECT.x2() + 4; x++) {
        int i = y * WIDTH + x;
        largest = Math.max(largest, Math.abs(step(result, i, 1) - step(frame, i, 1)));
        largest = Math.max(largest, Math.abs(step(result, i, WIDTH) - step(frame, i, WIDTH)));
      }
    }
    return largest;
  }

  private static int step(I420Frame picture, int at, int distance) {
    return (picture.data()[at + distance] & 0xff) - (picture.data()[at] & 0xff);
  }

  private void assertUntouchedOutside(Rect rect) {
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        boolean inside = x >= rect.x1() && x < rect.x2() && y >= rect.y1() && y < rect.y2();
        int at = y * WIDTH + x;
        if (!inside && out.data()[at] != frame.data()[at]) {
          throw new AssertionError("luma at (" + x + ", " + y + ") outside " + rect + " changed");
        }
      }
    }
    for (int y = 0; y < HEIGHT / 2; y++) {
      for (int x = 0; x < WIDTH / 2; x++) {
        boolean touches =
            2 * x + 1 >= rect.x1()
                && 2 * x < rect.x2()
                && 2 * y + 1 >= rect.y1()
                && 2 * y < rect.y2();
        int at = frame.uOffset() + y * WIDTH / 2 + x;
        if (!touches && out.data()[at] != frame.data()[at]) {
          throw new AssertionError("chroma at (" + x + ", " + y + ") outside " + rect + " changed");
        }
      }
    }
  }
}
