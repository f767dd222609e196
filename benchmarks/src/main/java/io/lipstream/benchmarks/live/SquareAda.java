package io.lipstream.benchmarks.live;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;

/** The built-in avatar cut to 512x512 pixels around her face, for figures at that size. */
public final class SquareAda {
  static final String NAME = "ada-square";

  private static final Path WHOLE = Path.of("avatars/ada");
  private static final int SIDE_PX = 512;
  private static final int LEFT_PX = 386;
  private static final int TOP_PX = 130;
  private static final float JPEG_QUALITY = 0.97f;

  private SquareAda() {}

  /**
   * Writes it into a folder, for tools that start servers themselves.
   *
   * @param arguments what XDG_DATA_HOME is to be for them
   */
  public static void main(String[] arguments) throws IOException {
    write(Path.of(arguments[0]));
  }

  /**
   * Writes the package.
   *
   * @param dataHome what XDG_DATA_HOME is to be for the server that shows it
   */
  static void write(Path dataHome) throws IOException {
    Path to = dataHome.resolve("lipstream/avatars").resolve(NAME);
    Files.createDirectories(to);
    try (Stream<Path> files = Files.walk(WHOLE)) {
      files.filter(Files::isRegularFile).forEach(file -> copy(file, to));
    }
    Path manifest = to.resolve("avatar.yaml");
    String text = Files.readString(manifest);
    Files.writeString(
        manifest,
        text.replace("name: ada", "name: " + NAME)
            .replace("widthPx: 1280, heightPx: 720", "widthPx: 512, heightPx: 512"));
    Path rectangles = to.resolve("rectangles.json");
    ObjectMapper json = new ObjectMapper();
    int[][] moved = json.readValue(rectangles.toFile(), int[][].class);
    for (int[] rectangle : moved) {
      rectangle[0] -= LEFT_PX;
      rectangle[1] -= TOP_PX;
      rectangle[2] -= LEFT_PX;
      rectangle[3] -= TOP_PX;
    }
    json.writeValue(rectangles.toFile(), moved);
  }

  private static void copy(Path file, Path folder) {
    try {
      Path to = folder.resolve(WHOLE.relativize(file).toString());
      Files.createDirectories(to.resolveSibling(""));
      String name = file.getFileName().toString();
      if (name.equals("poster.jpg") || !(name.endsWith(".jpg") || name.endsWith(".png"))) {
        Files.copy(file, to);
        return;
      }
      BufferedImage whole = ImageIO.read(file.toFile());
      write(whole.getSubimage(LEFT_PX, TOP_PX, SIDE_PX, SIDE_PX), to, name.endsWith(".jpg"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(BufferedImage part, Path to, boolean jpeg) throws IOException {
    if (!jpeg) {
      ImageIO.write(part, "png", to.toFile());
      return;
    }
    Iterator<ImageWriter> writers = ImageIO.getImageWritersByFormatName("jpeg");
    ImageWriter writer = writers.next();
    ImageWriteParam settings = writer.getDefaultWriteParam();
    settings.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    settings.setCompressionQuality(JPEG_QUALITY);
    try (var out = ImageIO.createImageOutputStream(to.toFile())) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(part, List.of(), null), settings);
    } finally {
      writer.dispose();
    }
  }
}
