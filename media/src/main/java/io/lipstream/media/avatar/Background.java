package io.lipstream.media.avatar;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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

  /** A picture that was sent to a server, scaled to cover the frame; equal if its bytes are. */
  final class Sent implements Background {
    private final byte[] file;

    private Sent(byte[] file) {
      this.file = file;
    }

    byte[] file() {
      return file;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Sent sent && Arrays.equals(file, sent.file);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(file);
    }

    @Override
    public String toString() {
      return "a picture of " + file.length + " bytes";
    }
  }

  /** The longest file of a picture that may be sent. */
  int MAX_SENT_BYTES = 8 << 20;

  /** The most pixels of a picture that may be sent. */
  long MAX_SENT_PIXELS = 4096L * 4096;

  /**
   * Takes a picture of somebody who is not trusted.
   *
   * @param file a JPEG, PNG or WebP file's bytes, which must not change any more
   * @throws LipstreamException INPUT if it is none, or larger than pictures may be
   */
  static Background sent(byte[] file) {
    try (PictureDecoder decoder = new PictureDecoder(MAX_SENT_PIXELS)) {
      if (file.length > MAX_SENT_BYTES) {
        throw new IOException("it has more than " + MAX_SENT_BYTES + " bytes");
      }
      decoder.decode(file);
      return new Sent(file);
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "the picture for the background cannot be used: " + e.getMessage(),
          "send a whole JPEG, PNG or WebP file of at most 8 MiB and 4096x4096 pixels",
          e);
    }
  }

  /**
   * Reads a colour's name or number, and nothing else.
   *
   * @throws LipstreamException INPUT if it is none
   */
  static Colour colour(String text) {
    return ColourNames.find(text)
        .orElseThrow(
            () ->
                new LipstreamException(
                    LipstreamException.Kind.INPUT,
                    "the background " + text + " is no colour",
                    ColourNames.advice(text)));
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
