package io.lipstream.media.avatar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lipstream.media.LipstreamException;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContactSheetTest {
  @TempDir Path temp;

  @Test
  void theSheetShowsFramesWithTheirRectanglesTheCropTheMaskAndTheMatte() throws IOException {
    Path png = temp.resolve("tiny.png");
    try (AvatarPackage avatar = AvatarPackage.open(Path.of("../avatars/tiny"));
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
      ContactSheet.write(avatar, frames, png);
    }
    BufferedImage sheet = ImageIO.read(png.toFile());
    assertThat(temp.toFile().list()).containsExactly("tiny.png");
    assertThat(sheet.getWidth()).isEqualTo(1660);
    assertThat(count(sheet, new Color(0xff7a00))).isGreaterThan(10 * 4 * 100);
    // Besides the mask box of 310x305 pixels only pupils and the matte of 328x328 are black.
    BufferedImage matte =
        sheet.getSubimage(3 * 12 + 328 + 2 * 320 + 12, sheet.getHeight() - 340, 328, 328);
    long outside = count(matte, Color.BLACK);
    assertThat(outside).isBetween(328L * 328 / 3, 328L * 328 * 2 / 3);
    assertThat(count(matte, Color.WHITE)).isBetween(328L * 328 / 3, 328L * 328 * 2 / 3);
    assertThat(count(sheet, Color.BLACK) - outside).isBetween(310L * 305, 310L * 305 + 2000);
  }

  @Test
  void aSheetThatCannotBeWrittenIsNamed() {
    try (AvatarPackage avatar = AvatarPackage.open(Path.of("../avatars/tiny"));
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.DEFAULT_MAX_BYTES)) {
      Path nowhere = temp.resolve("nowhere/sheet.png");
      LipstreamException e =
          catchThrowableOfType(
              LipstreamException.class, () -> ContactSheet.write(avatar, frames, nowhere));
      assertThat(e).hasMessageContaining("nowhere/sheet.png cannot be written");
      assertThat(e.kind()).isEqualTo(LipstreamException.Kind.OUTPUT);
    }
  }

  private static long count(BufferedImage picture, Color colour) {
    return IntStream.range(0, picture.getWidth() * picture.getHeight())
        .filter(
            i -> picture.getRGB(i % picture.getWidth(), i / picture.getWidth()) == colour.getRGB())
        .count();
  }
}
