package io.lipstream.media.avatar;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** What is shown behind an avatar: one colour, or a picture that covers the whole frame. */
public sealed interface Background {

  /** One colour; each part from 0 to 255. */
  record Colour(int red, int green, int blue) implements Background {
    @Override
    public String toString() {
      return String.format(Locale.ROOT, "#%02x%02x%02x", red, green, blue);
    }
  }

  /** A picture file, scaled to cover the frame; what sticks out is cut off evenly. */
  record Picture(Path file) implements Background {
    @Override
    public String toString() {
      return file.toString();
    }
  }

  /**
   * Reads what somebody wrote on a command line.
   *
   * @param text a colour or a file, relative to the current directory
   * @throws LipstreamException INPUT if it is neither
   */
  static Background of(String text) {
    Optional<Colour> colour = ColourNames.find(text);
    if (colour.isPresent()) {
      return colour.get();
    }
    try {
      Path file = Path.of(text);
      if (!text.isBlank() && Files.isRegularFile(file)) {
        return readable(file);
      }
    } catch (InvalidPathException e) {
      // No file system has such a name: it is refused below like any other.
    }
    throw new LipstreamException(
        LipstreamException.Kind.INPUT,
        "the background " + text + " is neither a colour nor a file that is there",
        ColourNames.advice(text));
  }

  private static Picture readable(Path file) {
    try (PictureDecoder decoder = new PictureDecoder()) {
      decoder.decode(file);
      return new Picture(file);
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "the background " + file + " cannot be decoded: " + e.getMessage(),
          ColourNames.FORMS,
          e);
    }
  }
}
