package io.lipstream.media.picture;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/** The checked-in pictures made by OpenCV; see golden/visual/README.md. */
final class GoldenPictures {
  private GoldenPictures() {}

  /** One rectangle with what belongs to it; the number selects the prediction's phase. */
  record Case(int number, Rect rect, String crop, String masked, String pasted) {

    /** Planar B, G, R bytes trunc(255 v) of the closed formula, computed in float32. */
    byte[] prediction() {
      byte[] planes = new byte[3 * 320 * 320];
      int at = 0;
      for (int c = 0; c < 3; c++) {
        for (int y = 0; y < 320; y++) {
          for (int x = 0; x < 320; x++) {
            float v = (float) (0.5 + 0.5 * Math.sin((x * (c + 1) + 2 * y) / 37.0 + number));
            planes[at++] = (byte) (int) (255 * v);
          }
        }
      }
      return planes;
    }

    @Override
    public String toString() {
      return "case " + number + " " + rect;
    }
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    try (InputStream in = open("golden.json")) {
      for (JsonNode node : new ObjectMapper().readTree(in).get("cases")) {
        JsonNode r = node.get("rect");
        Rect rect = new Rect(at(r, 0), at(r, 1), at(r, 2), at(r, 3));
        cases.add(
            new Case(
                cases.size(),
                rect,
                node.get("crop328").asText(),
                node.get("masked").asText(),
                node.get("pastedRect").asText()));
      }
    } catch (IOException e) {
      throw new AssertionError("golden.json cannot be read", e);
    }
    return cases;
  }

  static BgrPicture picture(String name) {
    try (InputStream in = open(name)) {
      BufferedImage image = ImageIO.read(in);
      BgrPicture picture = new BgrPicture(image.getWidth(), image.getHeight());
      int[] row = new int[image.getWidth()];
      int at = 0;
      for (int y = 0; y < image.getHeight(); y++) {
        image.getRGB(0, y, row.length, 1, row, 0, row.length);
        for (int rgb : row) {
          picture.data()[at++] = (byte) rgb;
          picture.data()[at++] = (byte) (rgb >> 8);
          picture.data()[at++] = (byte) (rgb >> 16);
        }
      }
      return picture;
    } catch (IOException e) {
      throw new AssertionError(name + " cannot be read", e);
    }
  }

  /** The largest difference of two pictures in grey levels. */
  static int largestDifference(byte[] actual, byte[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    int largest = 0;
    for (int i = 0; i < actual.length; i++) {
      largest = Math.max(largest, Math.abs((actual[i] & 0xff) - (expected[i] & 0xff)));
    }
    return largest;
  }

  private static int at(JsonNode array, int index) {
    return array.get(index).asInt();
  }

  private static InputStream open(String name) {
    @Nullable InputStream in = GoldenPictures.class.getResourceAsStream("/golden/visual/" + name);
    if (in == null) {
      throw new AssertionError("golden/visual/" + name + " is missing");
    }
    return in;
  }
}
