package io.lipstream.app.config;

import io.lipstream.media.avatar.FrameBounds;

/**
 * How avatars' frames, the backgrounds of what is drawn, are kept.
 *
 * @param backgroundCacheFrames decoded frames of one avatar
 * @param backgroundCacheMb what the frames of all avatars may take together; 0 for half of the heap
 */
public record AvatarsConfig(int backgroundCacheFrames, int backgroundCacheMb) {
  static final AvatarsConfig DEFAULT = new AvatarsConfig(FrameBounds.DEFAULT_FRAMES, 0);

  public AvatarsConfig {
    Check.range(
        "avatars.background_cache_frames",
        backgroundCacheFrames,
        FrameBounds.LEAST_FRAMES,
        1_000_000);
    Check.range("avatars.background_cache_mb", backgroundCacheMb, 0, 1_000_000);
  }

  /** The same, as avatars take it. */
  public FrameBounds bounds() {
    return new FrameBounds(
        backgroundCacheFrames,
        backgroundCacheMb == 0 ? FrameBounds.byDefault().bytes() : (long) backgroundCacheMb << 20);
  }
}
