package io.lipstream.streaming.still;

import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.picture.Rect;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The encoded backgrounds of one avatar, each made when it is first wanted and kept for all
 * sessions, within a bound. Thread-safe.
 *
 * <p>When the bound is reached, backgrounds of other settings are let go; if there are none, the
 * remaining pictures are encoded as a whole. Taking turns would be worse: an avatar's frames come
 * round and round, so each would have gone when it comes again.
 */
public final class BackgroundStills {
  private final int frameCount;
  private final long maxBytes;
  private final Map<StillSettings, @Nullable StillBackground[]> kept = new HashMap<>();
  private long byteCount;
  private boolean full;

  /**
   * Begins without any.
   *
   * @param frameCount of the avatar
   * @param maxBytes for all backgrounds together
   */
  public BackgroundStills(int frameCount, long maxBytes) {
    this.frameCount = frameCount;
    this.maxBytes = maxBytes;
  }

  /**
   * Encodes a picture over one of the avatar's frames.
   *
   * @param encoder the caller's own
   * @param frameIndex the frame's number in the avatar
   * @param frame the frame itself
   * @param changed outside this the picture is the frame's
   * @return the encoder's own object, valid until its next call
   */
  public StillPicture encode(
      StillEncoder encoder, int frameIndex, I420Frame frame, I420Frame picture, Rect changed) {
    StillBackground background = background(encoder, frameIndex, frame);
    return background == null
        ? encoder.encode(picture)
        : encoder.encode(picture, background, changed);
  }

  /** A frame's own picture, or null if there is no room for it. */
  private @Nullable StillBackground background(
      StillEncoder encoder, int frameIndex, I420Frame frame) {
    Objects.checkIndex(frameIndex, frameCount);
    StillSettings settings = encoder.settings();
    synchronized (this) {
      @Nullable StillBackground[] known = kept.get(settings);
      if (known == null) {
        full = false;
      } else if (known[frameIndex] != null || full) {
        return known[frameIndex];
      }
    }
    StillBackground made = encoder.background(frame);
    return keep(settings, frameIndex, made) ? made : null;
  }

  private synchronized boolean keep(StillSettings settings, int frameIndex, StillBackground made) {
    @Nullable StillBackground[] own =
        kept.computeIfAbsent(settings, _ -> new @Nullable StillBackground[frameCount]);
    if (own[frameIndex] != null) {
      return true; // Another session was faster.
    }
    if (byteCount + made.byteCount() > maxBytes) {
      kept.keySet().removeIf(other -> !other.equals(settings));
      byteCount =
          Arrays.stream(own).filter(Objects::nonNull).mapToLong(StillBackground::byteCount).sum();
    }
    if (byteCount + made.byteCount() > maxBytes) {
      full = true; // Or each further picture would be made twice.
      return false;
    }
    own[frameIndex] = made;
    byteCount += made.byteCount();
    return true;
  }

  /** About what is kept now. */
  public synchronized long byteCount() {
    return byteCount;
  }
}
