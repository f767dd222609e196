package io.lipstream.media.avatar;

/** The order in which an avatar's frames are shown, endlessly. */
public enum FrameOrder {
  /** Forth and back without showing an end twice; the first output frame shows index 1. */
  PING_PONG {
    @Override
    int indexOf(long outputFrame, int frameCount) {
      if (frameCount == 1) {
        return 0;
      }
      int period = 2 * (frameCount - 1);
      int t = (int) ((outputFrame + 1) % period);
      return t <= frameCount - 1 ? t : period - t;
    }
  },

  /** From first to last and on with the first: for loops whose ends meet. */
  CYCLIC {
    @Override
    int indexOf(long outputFrame, int frameCount) {
      return (int) (outputFrame % frameCount);
    }
  };

  /** The avatar's frame, from 0 to frameCount - 1, under an output frame counted from 0. */
  public int index(long outputFrame, int frameCount) {
    if (outputFrame < 0 || frameCount < 1) {
      throw new IllegalArgumentException(
          "no frame " + outputFrame + " of an avatar of " + frameCount + " frames");
    }
    return indexOf(outputFrame, frameCount);
  }

  abstract int indexOf(long outputFrame, int frameCount);
}
