package io.lipstream.media.avatar;

import io.lipstream.media.picture.Rect;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Face landmark files of the SyncTalk_2D family: 110 lines of "x y" in pixels of the whole frame.
 *
 * <p>Coordinates are read as decimal numbers and cut to whole ones, as that family's training code
 * does: a rounded rectangle would be another one than the network learnt from.
 */
final class Landmarks {
  private static final int LEFT = 1;
  private static final int RIGHT = 31;
  private static final int TOP = 52;
  private static final long MAX_FILE_BYTES = 1 << 20;

  private Landmarks() {}

  /** The square crop rectangle that the landmarks of one frame prescribe. */
  static Rect rectangle(Path file, int frame, PackageFolder folder) {
    String which = "the landmarks of frame " + frame + " (" + file.getFileName() + ")";
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw folder.failure(which + " are larger than any list of points", "check the file");
      }
      List<String> lines =
          Files.readAllLines(file, StandardCharsets.US_ASCII).stream()
              .filter(line -> !line.isBlank())
              .toList();
      if (lines.size() <= TOP) {
        throw folder.failure(
            which + " are only " + lines.size() + " points", "110 points are wanted, one a line");
      }
      int x1 = point(lines.get(LEFT))[0];
      int x2 = point(lines.get(RIGHT))[0];
      int y1 = point(lines.get(TOP))[1];
      if (x2 <= x1) {
        throw folder.failure(
            which + " have point 31 left of point 1, at " + x2 + " and " + x1,
            "check that these are landmarks of the SyncTalk_2D order");
      }
      return new Rect(x1, y1, x2, y1 + (x2 - x1));
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw folder.failure(which + " are not lines of two numbers", "write one \"x y\" a line", e);
    } catch (IOException e) {
      throw folder.failure(which + " cannot be read: " + e.getMessage(), "check the file", e);
    }
  }

  private static int[] point(String line) {
    String[] parts = line.strip().split("\\s+", -1);
    return new int[] {(int) Float.parseFloat(parts[0]), (int) Float.parseFloat(parts[1])};
  }
}
