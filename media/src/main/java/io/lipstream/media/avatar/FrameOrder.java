package io.lipstream.media.avatar;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The order in which an avatar's frames are shown, endlessly. */
public enum FrameOrder {
  /** Forth and back without showing an end twice; the first output frame shows index 1. */
  @JsonProperty("ping-pong")
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
  @JsonProperty("cyclic")
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

  /** After so many output frames all comes round again. */
  public int period(int frameCount) {
    return this == PING_PONG ? Math.max(1, 2 * (frameCount - 1)) : frameCount;
  }

  /**
   * The frame that comes some steps after another in play order.
   *
   * @param forward whether play runs towards the last frame at the moment
   */
  int following(int index, boolean forward, int steps, int frameCount) {
    // The position, less one, at which play passes the index in that direction.
    long turn = forward || this == CYCLIC ? index : 2L * (frameCount - 1) - index;
    long position = this == PING_PONG ? turn - 1 : turn;
    return index(position + steps, frameCount);
  }

  abstract int indexOf(long outputFrame, int frameCount);
}
