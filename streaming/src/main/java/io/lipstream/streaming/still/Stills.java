package io.lipstream.streaming.still;

import io.lipstream.media.picture.I420Frame;

/** What every encoder requires of its callers. */
final class Stills {
  private Stills() {}

  static void requireSize(I420Frame picture, int widthPx, int heightPx) {
    if (picture.widthPx() != widthPx || picture.heightPx() != heightPx) {
      throw new IllegalArgumentException(
          "a picture of %dx%d for stills of %dx%d"
              .formatted(picture.widthPx(), picture.heightPx(), widthPx, heightPx));
    }
  }

  static void requireMaker(StillBackground background, Object maker) {
    if (!background.maker.equals(maker)) {
      throw new IllegalArgumentException(
          "a background made by " + background.maker + " under a picture made by " + maker);
    }
  }
}
