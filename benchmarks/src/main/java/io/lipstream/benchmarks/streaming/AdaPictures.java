package io.lipstream.benchmarks.streaming;

import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.avatar.FrameOrder;
import io.lipstream.media.picture.I420Frame;
import java.nio.file.Path;

/** The built-in avatar's loop, as it is or the middle of it. */
final class AdaPictures {
  private static final String FOLDER = "avatars/ada";

  private final I420Frame[] frames;

  private AdaPictures(I420Frame[] frames) {
    this.frames = frames;
  }

  /**
   * Loads it from the root of the repository.
   *
   * @param widthPx at most the avatar's own
   */
  static AdaPictures load(int widthPx, int heightPx) {
    try (AvatarPackage pack = AvatarPackage.open(Path.of(FOLDER));
        AvatarFrames loaded = AvatarFrames.load(pack, AvatarFrames.DEFAULT_MAX_BYTES)) {
      I420Frame[] frames = new I420Frame[loaded.frameCount()];
      for (int i = 0; i < frames.length; i++) {
        frames[i] = middle(loaded.frame(i).picture(), widthPx, heightPx);
      }
      return new AdaPictures(frames);
    }
  }

  private static I420Frame middle(I420Frame whole, int widthPx, int heightPx) {
    I420Frame part = new I420Frame(widthPx, heightPx);
    int left = (whole.widthPx() - widthPx) / 2 & ~1;
    int top = (whole.heightPx() - heightPx) / 2 & ~1;
    int[] from = {0, whole.uOffset(), whole.vOffset()};
    int[] to = {0, part.uOffset(), part.vOffset()};
    for (int plane = 0; plane < from.length; plane++) {
      int scale = plane == 0 ? 1 : 2;
      for (int y = 0; y < heightPx / scale; y++) {
        int row = (top / scale + y) * whole.widthPx() / scale;
        System.arraycopy(
            whole.data(),
            from[plane] + row + left / scale,
            part.data(),
            to[plane] + y * widthPx / scale,
            widthPx / scale);
      }
    }
    return part;
  }

  int period() {
    return FrameOrder.PING_PONG.period(frames.length);
  }

  I420Frame at(long tick) {
    return frames[FrameOrder.PING_PONG.index(tick, frames.length)];
  }
}
