package io.lipstream.media.picture;

import static io.lipstream.media.picture.GoldenPictures.largestDifference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Bt601Test {

  @Test
  void namedColoursHaveTheStandardsValues() {
    assertThat(i420(0, 0, 0)).containsExactly(16, 128, 128);
    assertThat(i420(255, 255, 255)).containsExactly(235, 128, 128);
    assertThat(i420(0, 0, 255)).containsExactly(81, 90, 240);
    assertThat(i420(0, 255, 0)).containsExactly(145, 54, 34);
    assertThat(i420(255, 0, 0)).containsExactly(41, 240, 110);
  }

  @Test
  void greyStaysGreyThereAndBack() {
    for (int grey = 0; grey < 256; grey++) {
      I420Frame frame = new I420Frame(2, 2);
      BgrPicture picture = filled(grey, grey, grey);
      Bt601.toI420(picture, frame);
      BgrPicture back = new BgrPicture(2, 2);
      Bt601.toBgr(frame, back);
      assertThat(largestDifference(back.data(), picture.data())).isLessThanOrEqualTo(1);
      assertThat(back.data()).containsOnly(back.data()[0]);
    }
  }

  @Test
  void coloursOfWholeBlocksSurviveWithinTwoLevels() {
    Random random = new Random(5);
    for (int round = 0; round < 2000; round++) {
      BgrPicture picture = filled(random.nextInt(256), random.nextInt(256), random.nextInt(256));
      I420Frame frame = new I420Frame(2, 2);
      Bt601.toI420(picture, frame);
      BgrPicture back = new BgrPicture(2, 2);
      Bt601.toBgr(frame, back);
      assertThat(largestDifference(back.data(), picture.data())).isLessThanOrEqualTo(2);
    }
  }

  @Test
  void chromaIsThatOfTheMeanOfFourPixels() {
    BgrPicture picture = filled(0, 0, 0);
    Arrays.fill(picture.data(), 0, 3, (byte) 200);
    picture.data()[0] = (byte) 240;
    I420Frame mixed = new I420Frame(2, 2);
    Bt601.toI420(picture, mixed);
    I420Frame mean = new I420Frame(2, 2);
    Bt601.toI420(filled(60, 50, 50), mean);
    assertThat(mixed.data()[4]).isEqualTo(mean.data()[4]);
    assertThat(mixed.data()[5]).isEqualTo(mean.data()[5]);
  }

  @Test
  void aPatchChangesItsOwnPixelsOnly() {
    BgrPicture whole = new BgrPicture(16, 12);
    new Random(3).nextBytes(whole.data());
    I420Frame expected = new I420Frame(16, 12);
    Bt601.toI420(whole, expected);

    I420Frame frame = new I420Frame(16, 12);
    Bt601.toI420(whole, frame);
    for (int y = 4; y < 10; y++) {
      Arrays.fill(frame.data(), y * 16 + 6, y * 16 + 14, (byte) 0);
    }
    BgrPicture patch = new BgrPicture(8, 6);
    for (int y = 0; y < 6; y++) {
      System.arraycopy(whole.data(), ((y + 4) * 16 + 6) * 3, patch.data(), y * 24, 24);
    }
    Bt601.toI420(patch, frame, 6, 4);
    assertThat(frame.data()).isEqualTo(expected.data());
  }

  @Test
  void anOddRegionIsTheSamePartOfTheWhole() {
    I420Frame frame = new I420Frame(16, 12);
    new Random(4).nextBytes(frame.data());
    BgrPicture whole = new BgrPicture(16, 12);
    Bt601.toBgr(frame, whole);
    BgrPicture part = new BgrPicture(5, 7);
    Bt601.toBgr(frame, new Rect(3, 1, 8, 8), part);
    for (int y = 0; y < 7; y++) {
      int from = ((y + 1) * 16 + 3) * 3;
      assertThat(Arrays.copyOfRange(part.data(), y * 15, y * 15 + 15))
          .isEqualTo(Arrays.copyOfRange(whole.data(), from, from + 15));
    }
  }

  @Test
  void refusesPatchesAtOddPositions() {
    assertThatThrownBy(() -> Bt601.toI420(new BgrPicture(4, 4), new I420Frame(8, 8), 1, 2))
        .hasMessageContaining("(1, 2)");
  }

  private static int[] i420(int b, int g, int r) {
    I420Frame frame = new I420Frame(2, 2);
    Bt601.toI420(filled(b, g, r), frame);
    byte[] data = frame.data();
    return new int[] {data[3] & 0xff, data[4] & 0xff, data[5] & 0xff};
  }

  private static BgrPicture filled(int b, int g, int r) {
    BgrPicture picture = new BgrPicture(2, 2);
    for (int i = 0; i < 12; i += 3) {
      picture.data()[i] = (byte) b;
      picture.data()[i + 1] = (byte) g;
      picture.data()[i + 2] = (byte) r;
    }
    return picture;
  }
}
