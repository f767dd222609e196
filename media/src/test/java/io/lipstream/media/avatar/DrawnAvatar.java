package io.lipstream.media.avatar;

import io.lipstream.media.picture.Rect;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

/**
 * Writes a small package whose frame k is one flat colour, so that a test can tell frames apart.
 */
final class DrawnAvatar {
  static final int WIDTH_PX = 96;
  static final int HEIGHT_PX = 64;

  final Path folder;
  final List<Rect> rectangles = new ArrayList<>();

  private DrawnAvatar(Path folder) {
    this.folder = folder;
  }

  /** A sound package; tests then spoil one thing. */
  static DrawnAvatar write(Path folder, int frameCount) throws IOException {
    DrawnAvatar drawn = new DrawnAvatar(folder);
    Files.createDirectories(folder.resolve("frames"));
    Files.createDirectories(folder.resolve("models"));
    for (int k = 0; k < frameCount; k++) {
      ImageIO.write(picture(k), "png", folder.resolve("frames/" + (k + 1) + ".png").toFile());
      drawn.rectangles.add(new Rect(20 + k % 5, 10, 60 + k % 5, 50));
    }
    Files.writeString(folder.resolve("models/generator.onnx"), "a network");
    Files.writeString(folder.resolve("models/audio_encoder.onnx"), "another network");
    drawn.writeRectangles(CropRectangles.write(drawn.rectangles));
    drawn.writeManifest(manifest(frameCount));
    return drawn;
  }

  static BufferedImage picture(int k) {
    BufferedImage picture = new BufferedImage(WIDTH_PX, HEIGHT_PX, BufferedImage.TYPE_3BYTE_BGR);
    Graphics2D pen = picture.createGraphics();
    pen.setColor(colour(k));
    pen.fillRect(0, 0, WIDTH_PX, HEIGHT_PX);
    pen.dispose();
    return picture;
  }

  static Color colour(int k) {
    return new Color(40 + k % 20 * 10, 200 - k % 20 * 7, 30 + k % 7 * 25);
  }

  static String manifest(int frameCount) {
    return """
        schema: lipstream-avatar/1
        name: drawn
        title: Drawn by a test
        licence: Apache-2.0
        fps: 25
        frames: {source: frames, count: %d, widthPx: 96, heightPx: 64}
        rectangles: rectangles.json
        family: synctalk2d-328
        generator: {file: models/generator.onnx}
        audioEncoder: {file: models/audio_encoder.onnx}
        """
        .formatted(frameCount);
  }

  DrawnAvatar writeManifest(String yaml) throws IOException {
    Files.writeString(folder.resolve("avatar.yaml"), yaml);
    return this;
  }

  DrawnAvatar writeRectangles(String json) throws IOException {
    Files.writeString(folder.resolve("rectangles.json"), json);
    return this;
  }
}
