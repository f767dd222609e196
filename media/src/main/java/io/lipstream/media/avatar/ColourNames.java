package io.lipstream.media.avatar;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The colours that can be called by name, and how others are written. */
final class ColourNames {
  /** How a background is written. */
  static final String FORMS =
      "a background is a colour (\"#rrggbb\", \"#rgb\" or a name such as white, navy or"
          + " greenscreen) or a .jpg, .png or .webp file";

  private static final Pattern LONG = Pattern.compile("#[0-9a-fA-F]{6}");
  private static final Pattern SHORT = Pattern.compile("#[0-9a-fA-F]{3}");

  /** The seventeen names of CSS 2.1, and the green that keying programs expect. */
  private static final Map<String, Integer> NAMES =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("aqua", 0x00ffff),
              Map.entry("black", 0x000000),
              Map.entry("blue", 0x0000ff),
              Map.entry("fuchsia", 0xff00ff),
              Map.entry("gray", 0x808080),
              Map.entry("grey", 0x808080),
              Map.entry("green", 0x008000),
              Map.entry("greenscreen", 0x00b140),
              Map.entry("lime", 0x00ff00),
              Map.entry("maroon", 0x800000),
              Map.entry("navy", 0x000080),
              Map.entry("olive", 0x808000),
              Map.entry("orange", 0xffa500),
              Map.entry("purple", 0x800080),
              Map.entry("red", 0xff0000),
              Map.entry("silver", 0xc0c0c0),
              Map.entry("teal", 0x008080),
              Map.entry("white", 0xffffff),
              Map.entry("yellow", 0xffff00)));

  private ColourNames() {}

  static Optional<Background.Colour> find(String text) {
    String word = text.strip();
    if (LONG.matcher(word).matches()) {
      return Optional.of(colour(Integer.parseInt(word.substring(1), 16)));
    }
    if (SHORT.matcher(word).matches()) {
      // #abc is short for #aabbcc.
      int digits = Integer.parseInt(word.substring(1), 16);
      return Optional.of(
          new Background.Colour((digits >> 8) * 17, (digits >> 4 & 15) * 17, (digits & 15) * 17));
    }
    return Optional.ofNullable(NAMES.get(word.toLowerCase(Locale.ROOT))).map(ColourNames::colour);
  }

  static String advice(String text) {
    String word = text.strip().toLowerCase(Locale.ROOT);
    if (word.equals("transparent") || word.equals("none")) {
      return "lipstream render --transparent cuts the avatar out; live video has no transparency:"
          + " take greenscreen and key it out";
    }
    return Spelling.nearest(word, NAMES.keySet())
        .map(near -> "did you mean " + near + "? " + FORMS)
        .orElse(FORMS);
  }

  private static Background.Colour colour(int rgb) {
    return new Background.Colour(rgb >> 16, rgb >> 8 & 255, rgb & 255);
  }
}
