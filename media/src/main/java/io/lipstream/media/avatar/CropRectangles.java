package io.lipstream.media.avatar;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.lipstream.media.picture.Rect;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Crop rectangles as JSON: an array of [x1, y1, x2, y2], or an object keyed "0", "1", ... whose
 * values are such arrays or hold one as "rect".
 */
final class CropRectangles {
  private static final long MAX_FILE_BYTES = 64L << 20;
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private CropRectangles() {}

  /** Reads one rectangle for each frame, in the order of frames. */
  static List<Rect> read(Path file, PackageFolder folder) {
    String name = String.valueOf(file.getFileName());
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw folder.failure(name + " is larger than any list of rectangles", "check the file");
      }
      return parse(MAPPER.readTree(Files.readString(file)), name, folder);
    } catch (JsonProcessingException e) {
      throw folder.failure(
          name + " is not valid JSON: " + e.getOriginalMessage(), "repair the file", e);
    } catch (IOException e) {
      throw folder.failure(name + " cannot be read: " + e.getMessage(), "check the file", e);
    }
  }

  private static List<Rect> parse(JsonNode root, String name, PackageFolder folder) {
    if (!root.isArray() && !root.isObject()) {
      throw folder.failure(
          name + " holds neither an array nor an object of rectangles",
          "write [[x1, y1, x2, y2], ...], one for each frame");
    }
    List<Rect> rectangles = new ArrayList<>(root.size());
    for (int frame = 0; frame < root.size(); frame++) {
      JsonNode node = root.isArray() ? root.get(frame) : root.get(Integer.toString(frame));
      if (node == null) {
        throw folder.failure(
            name + " has " + root.size() + " rectangles, but none for frame " + frame,
            "number them 0 to " + (root.size() - 1));
      }
      rectangles.add(rectangle(node, frame, name, folder));
    }
    return List.copyOf(rectangles);
  }

  private static Rect rectangle(JsonNode node, int frame, String name, PackageFolder folder) {
    JsonNode box = node.isObject() ? node.path("rect") : node;
    if (box.size() != 4) {
      throw wrong(node, frame, name, folder, "four numbers");
    }
    int[] edges = new int[4];
    for (int i = 0; i < edges.length; i++) {
      // Tools write 532 as 532.0; a fraction would say that the file holds something else.
      if (!box.get(i).isNumber() || box.get(i).doubleValue() != box.get(i).intValue()) {
        throw wrong(node, frame, name, folder, "whole numbers");
      }
      edges[i] = box.get(i).intValue();
    }
    if (edges[2] <= edges[0] || edges[3] <= edges[1]) {
      throw wrong(node, frame, name, folder, "x2 beyond x1 and y2 beyond y1");
    }
    return new Rect(edges[0], edges[1], edges[2], edges[3]);
  }

  private static RuntimeException wrong(
      JsonNode node, int frame, String name, PackageFolder folder, String expected) {
    return folder.failure(
        name + ": the rectangle of frame " + frame + " is " + node + ", not " + expected,
        "write it as [x1, y1, x2, y2]");
  }

  static String write(List<Rect> rectangles) {
    return rectangles.stream()
        .map(r -> "[" + r.x1() + ", " + r.y1() + ", " + r.x2() + ", " + r.y2() + "]")
        .collect(Collectors.joining(",\n  ", "[\n  ", "\n]\n"));
  }

  /**
   * Refuses rectangles that the frames cannot have.
   *
   * @throws io.lipstream.media.LipstreamException naming the first frame at fault
   */
  static void check(
      List<Rect> rectangles, int frameCount, int widthPx, int heightPx, PackageFolder folder) {
    if (rectangles.size() != frameCount) {
      throw folder.failure(
          rectangles.size() + " rectangles for " + frameCount + " frames",
          "give every frame its rectangle; pictures taken from a video are often numbered from 1, "
              + "rectangles from 0");
    }
    for (int frame = 0; frame < frameCount; frame++) {
      checkOne(rectangles.get(frame), frame, widthPx, heightPx, folder);
    }
  }

  private static void checkOne(
      Rect rect, int frame, int widthPx, int heightPx, PackageFolder folder) {
    String which = "the rectangle of frame " + frame + ", " + text(rect) + ",";
    if (!rect.fitsIn(widthPx, heightPx)) {
      throw folder.failure(
          which + " does not lie inside the frame of " + widthPx + "x" + heightPx,
          "correct it, or leave that frame out");
    }
    // A crop is stretched to a square, so anything but a rounding error would distort the face.
    if (Math.abs(rect.widthPx() - rect.heightPx()) > 1) {
      throw folder.failure(
          which + " is " + rect.widthPx() + "x" + rect.heightPx() + ", not a square",
          "make its width and height equal");
    }
  }

  static String text(Rect rect) {
    return "[" + rect.x1() + ", " + rect.y1() + ", " + rect.x2() + ", " + rect.y2() + "]";
  }
}
