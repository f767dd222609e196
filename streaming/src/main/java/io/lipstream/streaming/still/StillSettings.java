package io.lipstream.streaming.still;

/**
 * What still pictures are to be like.
 *
 * @param quality of JPEG, 1 to 100 on libjpeg's scale; PNG loses nothing and ignores it
 */
public record StillSettings(StillFormat format, int quality) {
  public StillSettings {
    if (quality < 1 || quality > 100) {
      throw new IllegalArgumentException("quality must be 1 to 100: " + quality);
    }
  }
}
