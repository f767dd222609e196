package io.lipstream.media.avatar;

import io.lipstream.media.picture.BgrPicture;
import io.lipstream.media.picture.Bt601;
import io.lipstream.media.picture.I420Frame;
import org.jspecify.annotations.Nullable;

/**
 * Puts another background behind an avatar's frames as they are loaded.
 *
 * <p>A frame holds C = a F + (1 - a) B: what the matte says is the avatar, and the background it
 * was rendered with. The avatar's share a F = C - (1 - a) B lies between 0 and a, whatever noise
 * the frame's compression added, so it is limited to that; then the new background takes the place
 * of the old one. Nothing is divided, so that hair of little coverage keeps its colour and no rim
 * of the old background remains. Where the avatar covers all, not a byte of the frame changes.
 *
 * <p>Without a new background the avatar is cut out: its own colours F = a F / a go to wherever it
 * is seen at all, and the matte goes with the frame.
 *
 * <p>Owns its scratch pictures: one thread at a time.
 */
final class BackgroundChange implements AutoCloseable {
  private static final int OPAQUE = 255;

  private final Matte matte;
  private final HeldFiles held;
  private final BgrPicture before;
  private final @Nullable BgrPicture after;
  private final PictureDecoder decoder = new PictureDecoder();
  private final byte[] alpha;
  private final I420Frame mixed;

  private BackgroundChange(
      Matte matte, HeldFiles held, BgrPicture before, @Nullable BgrPicture after) {
    this.matte = matte;
    this.held = held;
    this.before = before;
    this.after = after;
    alpha = new byte[before.widthPx() * before.heightPx()];
    mixed = new I420Frame(before.widthPx(), before.heightPx());
  }

  /** The two backgrounds of a change, shared by the threads that load frames. */
  record Plan(Matte matte, BgrPicture before, @Nullable BgrPicture after) {
    /**
     * Paints both backgrounds at the size of the frames.
     *
     * @param after null cuts the avatar out
     */
    static Plan of(AvatarPackage avatar, Matte matte, @Nullable Background after) {
      try (FrameConverter converter = new FrameConverter(avatar.manifest().geometry(), null)) {
        return new Plan(
            matte,
            converter.paint(matte.over(), avatar),
            after == null ? null : converter.paint(after, avatar));
      }
    }

    BackgroundChange begin(HeldFiles held) {
      return new BackgroundChange(matte, held, before, after);
    }
  }

  /**
   * Changes one frame in both of its forms.
   *
   * @return how much of each pixel is seen, where the avatar is cut out; null else
   */
  byte @Nullable [] apply(int frame, BgrPicture bgr, I420Frame i420) {
    matte.copy(decoder, held, frame, alpha);
    byte[] pixels = bgr.data();
    for (int i = 0; i < alpha.length; i++) {
      int covered = alpha[i] & 0xff;
      if (covered != OPAQUE) {
        for (int part = 3 * i; part < 3 * i + 3; part++) {
          pixels[part] =
              (byte)
                  (after == null ? own(pixels, part, covered) : mix(pixels, part, covered, after));
        }
      }
    }
    if (after == null) {
      bleed(pixels);
    }
    Bt601.toI420(bgr, mixed);
    copyChangedBlocks(i420);
    return after == null ? alpha.clone() : null;
  }

  /** The avatar's share of a value, times 255. */
  private int share(byte[] pixels, int at, int covered) {
    int whole = OPAQUE * (pixels[at] & 0xff);
    return Math.clamp(whole - (OPAQUE - covered) * (before.data()[at] & 0xff), 0, OPAQUE * covered);
  }

  private int mix(byte[] pixels, int at, int covered, BgrPicture over) {
    int open = OPAQUE - covered;
    return (share(pixels, at, covered) + open * (over.data()[at] & 0xff) + OPAQUE / 2) / OPAQUE;
  }

  private int own(byte[] pixels, int at, int covered) {
    return covered == 0 ? 0 : (share(pixels, at, covered) + covered / 2) / covered;
  }

  /** Pixels beside the avatar share chroma with its rim, and must not darken that. */
  private void bleed(byte[] pixels) {
    for (int i = 1; i < alpha.length; i++) {
      int from = alpha[i] == 0 && alpha[i - 1] != 0 ? i - 1 : i;
      System.arraycopy(pixels, 3 * from, pixels, 3 * i, 3);
    }
    for (int i = alpha.length - 2; i >= 0; i--) {
      int from = alpha[i] == 0 && alpha[i + 1] != 0 ? i + 1 : i;
      System.arraycopy(pixels, 3 * from, pixels, 3 * i, 3);
    }
  }

  /** Blocks of 2x2 pixels share their chroma; those that show the avatar alone stay as they are. */
  private void copyChangedBlocks(I420Frame target) {
    int widthPx = target.widthPx();
    byte[] from = mixed.data();
    byte[] to = target.data();
    for (int y = 0; y < target.heightPx(); y += 2) {
      for (int x = 0; x < widthPx; x += 2) {
        int at = y * widthPx + x;
        int below = at + widthPx;
        if ((alpha[at] & alpha[at + 1] & alpha[below] & alpha[below + 1] & 0xff) != OPAQUE) {
          to[at] = from[at];
          to[at + 1] = from[at + 1];
          to[below] = from[below];
          to[below + 1] = from[below + 1];
          int chroma = y / 2 * (widthPx / 2) + x / 2;
          to[target.uOffset() + chroma] = from[target.uOffset() + chroma];
          to[target.vOffset() + chroma] = from[target.vOffset() + chroma];
        }
      }
    }
  }

  @Override
  public void close() {
    decoder.close();
  }
}
