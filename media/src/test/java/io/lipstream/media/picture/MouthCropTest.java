package io.lipstream.media.picture;

import static io.lipstream.media.picture.GoldenPictures.largestDifference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MouthCropTest {
  private static final CropGeometry SYNCTALK = new CropGeometry(320, 4, new Rect(5, 5, 315, 310));
  private static final BgrPicture FRAME = GoldenPictures.picture("frame.png");

  static List<GoldenPictures.Case> cases() {
    return GoldenPictures.cases();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void cropIsOpenCvsWithinOneLevel(GoldenPictures.Case golden) {
    BgrPicture crop = new BgrPicture(328, 328);
    new MouthCrop(SYNCTALK).crop(FRAME, golden.rect(), crop);
    assertThat(largestDifference(crop.data(), GoldenPictures.picture(golden.crop()).data()))
        .isLessThanOrEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void maskedRegionIsTheReferencesWithTheBoxExactlyBlack(GoldenPictures.Case golden) {
    byte[] roi = new byte[320 * 320 * 3];
    MouthCrop mouthCrop = new MouthCrop(SYNCTALK);
    mouthCrop.roi(FRAME, golden.rect(), roi);
    mouthCrop.mask(roi);
    byte[] expected = GoldenPictures.picture(golden.masked()).data();
    assertThat(largestDifference(roi, expected)).isLessThanOrEqualTo(1);
    for (int y = 5; y < 310; y++) {
      for (int i = (y * 320 + 5) * 3; i < (y * 320 + 315) * 3; i++) {
        assertThat(roi[i]).isZero();
      }
    }
  }

  @Test
  void oneCropServesRectanglesOfChangingSize() {
    MouthCrop mouthCrop = new MouthCrop(SYNCTALK);
    BgrPicture crop = new BgrPicture(328, 328);
    for (int round = 0; round < 2; round++) {
      for (GoldenPictures.Case golden : cases()) {
        mouthCrop.crop(FRAME, golden.rect(), crop);
        assertThat(largestDifference(crop.data(), GoldenPictures.picture(golden.crop()).data()))
            .isLessThanOrEqualTo(1);
      }
    }
  }

  @Test
  void refusesARectangleOutsideTheFrame() {
    Rect outside = new Rect(1100, 100, 1300, 300);
    assertThatThrownBy(() -> new MouthCrop(SYNCTALK).crop(FRAME, outside, new BgrPicture(328, 328)))
        .hasMessageContaining("x2=1300")
        .hasMessageContaining(FRAME.widthPx() + "x" + FRAME.heightPx());
  }

  @Test
  void refusesAMaskOutsideTheRegion() {
    assertThatThrownBy(() -> new CropGeometry(160, 4, new Rect(5, 5, 315, 310)))
        .hasMessageContaining("160x160");
  }
}
