package io.lipstream.streaming.still;

import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.picture.Rect;

/**
 * Encodes still pictures of one size.
 *
 * <p>A talking avatar's picture differs from its background around the mouth alone. So a background
 * is encoded once, in parts that do not refer to each other, and of a picture over it only the
 * parts that changed: the pixels are those of encoding all of it.
 *
 * <p>Owned by one thread at a time; nothing is allocated for a picture once the first was made.
 */
public sealed interface StillEncoder extends AutoCloseable permits JpegEncoder, PngEncoder {

  /**
   * Opens an encoder. JPEG is made by libjpeg-turbo where it is installed, by FFmpeg elsewhere.
   *
   * @param widthPx even
   * @param heightPx even
   */
  static StillEncoder open(StillSettings settings, int widthPx, int heightPx) {
    return switch (settings.format()) {
      case JPEG -> JpegEncoder.open(settings, widthPx, heightPx);
      case PNG -> new PngEncoder(settings, widthPx, heightPx);
    };
  }

  StillSettings settings();

  /**
   * Encodes a picture.
   *
   * @return this encoder's own object, valid until the next call
   */
  StillPicture encode(I420Frame picture);

  /**
   * Encodes a picture of which most is known.
   *
   * @param background made by an encoder of the same settings and size
   * @param changed outside this the picture is the background's
   * @return this encoder's own object, valid until the next call
   */
  StillPicture encode(I420Frame picture, StillBackground background, Rect changed);

  /** Encodes a picture that others will be written over. */
  StillBackground background(I420Frame picture);

  @Override
  void close();
}
