package io.lipstream.media.avatar;

/**
 * The memory that the frames of all avatars of a process share. Each takes its part when it is
 * loaded and gives it back when it is closed. Thread-safe.
 */
public final class FrameMemory {
  private final FrameBounds bounds;

  /** Guarded by this. */
  private long takenBytes;

  /** None is taken yet. */
  public FrameMemory(FrameBounds bounds) {
    this.bounds = bounds;
  }

  FrameBounds bounds() {
    return bounds;
  }

  /** What the avatars that are loaded took. */
  public synchronized long takenBytes() {
    return takenBytes;
  }

  /**
   * Takes the most where that is free; else half of what is, so that another avatar finds some.
   *
   * @return what was taken, or 0 where not even the least is free
   */
  synchronized long take(long leastBytes, long mostBytes) {
    long freeBytes = bounds.bytes() - takenBytes;
    if (freeBytes < leastBytes) {
      return 0;
    }
    long bytes = freeBytes >= mostBytes ? mostBytes : Math.max(leastBytes, freeBytes / 2);
    takenBytes += bytes;
    return bytes;
  }

  synchronized void giveBack(long bytes) {
    takenBytes -= bytes;
  }
}
