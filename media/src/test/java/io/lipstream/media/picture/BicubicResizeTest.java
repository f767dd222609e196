package io.lipstream.media.picture;

import static io.lipstream.media.picture.GoldenPictures.largestDifference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BicubicResizeTest {

  static List<GoldenPictures.Case> cases() {
    return GoldenPictures.cases();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void referencePasteIsOpenCvsWithinOneLevel(GoldenPictures.Case golden) {
    BgrPicture crop = GoldenPictures.picture(golden.crop());
    writeMouth(golden.prediction(), crop);
    Rect rect = golden.rect();
    BgrPicture pasted = new BgrPicture(rect.widthPx(), rect.heightPx());
    new BicubicResize(328, 328, rect.widthPx(), rect.heightPx())
        .resize(crop, new Rect(0, 0, 328, 328), pasted);
    assertThat(largestDifference(pasted.data(), GoldenPictures.picture(golden.pasted()).data()))
        .isLessThanOrEqualTo(1);
  }

  @Test
  void planesGiveTheSameAsInterleavedPixels() {
    long seed = System.nanoTime();
    System.out.println("seed of random sizes: " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 30; round++) {
      int width = 4 + random.nextInt(60);
      int height = 4 + random.nextInt(60);
      BgrPicture source = new BgrPicture(width, height);
      random.nextBytes(source.data());
      BgrPicture target = new BgrPicture(1 + random.nextInt(80), 1 + random.nextInt(80));
      BicubicResize resize = new BicubicResize(width, height, target.widthPx(), target.heightPx());
      resize.resize(source, new Rect(0, 0, width, height), target);
      float[] planes = new float[target.data().length];
      resize.resizePlanes(planar(source), 0, planes);
      assertThat(largestDifference(rounded(planes), planar(target))).isZero();
    }
  }

  @Test
  void sameSizeIsACopy() {
    BgrPicture source = new BgrPicture(31, 17);
    new Random(1).nextBytes(source.data());
    BgrPicture target = new BgrPicture(31, 17);
    new BicubicResize(31, 17, 31, 17).resize(source, new Rect(0, 0, 31, 17), target);
    assertThat(target.data()).isEqualTo(source.data());
  }

  @Test
  void pixelsOutsideTheRegionHaveNoInfluence() {
    BgrPicture bright = new BgrPicture(40, 40);
    Arrays.fill(bright.data(), (byte) 255);
    for (int y = 10; y < 30; y++) {
      Arrays.fill(bright.data(), (y * 40 + 10) * 3, (y * 40 + 30) * 3, (byte) 90);
    }
    BgrPicture target = new BgrPicture(33, 33);
    new BicubicResize(20, 20, 33, 33).resize(bright, new Rect(10, 10, 30, 30), target);
    assertThat(target.data()).containsOnly(90);
  }

  @Test
  void refusesSourcesWithoutFourNeighbours() {
    assertThatThrownBy(() -> new BicubicResize(3, 20, 10, 10)).hasMessageContaining("3x20");
  }

  private static void writeMouth(byte[] planes, BgrPicture crop) {
    for (int y = 0; y < 320; y++) {
      for (int x = 0; x < 320; x++) {
        int at = ((y + 4) * 328 + x + 4) * 3;
        for (int c = 0; c < 3; c++) {
          crop.data()[at + c] = planes[(c * 320 + y) * 320 + x];
        }
      }
    }
  }

  private static byte[] planar(BgrPicture picture) {
    byte[] interleaved = picture.data();
    byte[] planes = new byte[interleaved.length];
    for (int i = 0; i < planes.length; i++) {
      planes[i % 3 * (planes.length / 3) + i / 3] = interleaved[i];
    }
    return planes;
  }

  private static byte[] rounded(float[] values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) Math.clamp((int) (values[i] + 0.5f), 0, 255);
    }
    return bytes;
  }
}
