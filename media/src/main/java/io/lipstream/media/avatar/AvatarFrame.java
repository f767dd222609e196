package io.lipstream.media.avatar;

import io.lipstream.media.picture.BgrPicture;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.picture.Rect;
import org.jspecify.annotations.Nullable;

/**
 * One decoded frame of an avatar, shared by all who show it: nobody writes to its pixels.
 *
 * <p>Made by {@link AvatarFrames}; stays valid after the cache has let go of it.
 */
public final class AvatarFrame {
  private final int index;
  private final I420Frame picture;
  private final Rect rect;
  private final BgrPicture crop;
  private final byte @Nullable [] alpha;

  AvatarFrame(int index, I420Frame picture, Rect rect, BgrPicture crop, byte @Nullable [] alpha) {
    this.index = index;
    this.picture = picture;
    this.rect = rect;
    this.crop = crop;
    this.alpha = alpha;
  }

  /** How much of each pixel is seen, row by row, where the avatar was cut out; null else. */
  public byte @Nullable [] alpha() {
    return alpha;
  }

  public int index() {
    return index;
  }

  /** The whole frame. */
  public I420Frame picture() {
    return picture;
  }

  /** Where the crop lies in the frame. */
  public Rect rect() {
    return rect;
  }

  /** The pixels inside {@link #rect()} at the size of the family's crop, ROI and border. */
  public BgrPicture crop() {
    return crop;
  }
}
