package io.lipstream.streaming.live;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One round of a loop as it was encoded, to be sent again in the rounds after it.
 *
 * <p>A round begins with a keyframe, so the last picture of one and the first of the next need not
 * know each other. Short loops go round several times in one recording: a keyframe is several times
 * the size of other pictures and should not come every second. Who must begin in the middle cannot
 * be served from here unless a keyframe was recorded there; nor can the others then, because the
 * feed sends the same to all, until the next keyframe of the recording.
 *
 * <p>Owned by its feed.
 */
final class LoopRecording {
  private static final int MIN_SECONDS = 10;

  /** Of a round; longer loops are encoded each time. */
  private static final long MAX_BYTES = 64 << 20;

  /** Skipped pictures that are worth making up for; half a second at 25 a second. */
  private static final int MAX_MISSING = 12;

  /** How far the rate may move before the recording is worth making anew. */
  private static final double MUCH_MORE = 1.5;

  private static final double MUCH_LESS = 0.85;

  private final int loopPictures;
  private final int bitrateBps;
  private final byte[][] pictures;
  private final boolean[] keyFrames;
  private final EncodedPicture repeated = new EncodedPicture();
  private int recorded;
  private long bytes;

  /** The tick that was last sent from here. */
  private long lastTick = Long.MIN_VALUE / 2;

  /**
   * Begins empty.
   *
   * @param bitrateBps at which it will be recorded
   */
  LoopRecording(int loopPictures, int framesPerSecond, int bitrateBps) {
    if (loopPictures < 1) {
      throw new IllegalArgumentException("a loop of " + loopPictures + " pictures");
    }
    this.loopPictures = loopPictures;
    this.bitrateBps = bitrateBps;
    int rounds = Math.max(1, Math.ceilDiv(MIN_SECONDS * framesPerSecond, loopPictures));
    pictures = new byte[rounds * loopPictures][];
    keyFrames = new boolean[pictures.length];
  }

  /** Whether it is of such a loop, at about such a rate. */
  boolean suits(int otherLoopPictures, int otherBitrateBps) {
    return otherLoopPictures == loopPictures
        && otherBitrateBps <= bitrateBps * MUCH_MORE
        && otherBitrateBps >= bitrateBps * MUCH_LESS;
  }

  /** The tick after the last one sent or recorded here, if that is not long ago; else this one. */
  long firstMissing(long tick) {
    boolean few = lastTick < tick && tick - lastTick <= MAX_MISSING;
    return few ? lastTick + 1 : tick;
  }

  private int place(long tick) {
    return Math.floorMod(tick, pictures.length);
  }

  /** The picture of a tick, or null if it must be encoded. */
  @Nullable EncodedPicture picture(long tick, long ptsNanos, boolean mustBeKeyFrame) {
    int place = place(tick);
    boolean goesOn = lastTick == tick - 1 && !mustBeKeyFrame;
    if (recorded < pictures.length || !(goesOn || keyFrames[place])) {
      return null;
    }
    lastTick = tick;
    byte[] picture = pictures[place];
    repeated.begin(picture.length, keyFrames[place], ptsNanos);
    System.arraycopy(picture, 0, repeated.data(), 0, picture.length);
    return repeated;
  }

  /** Whether a round begins that is to be recorded. */
  boolean wantsKeyFrame(long tick) {
    return place(tick) == 0 && bytes <= MAX_BYTES;
  }

  /** Takes what had to be encoded, until a round is whole. */
  void record(long tick, EncodedPicture encoded) {
    int place = place(tick);
    if (recorded == pictures.length || bytes > MAX_BYTES) {
      return;
    }
    boolean next = place == recorded && lastTick == tick - 1;
    if (place == 0) {
      bytes = 0;
    } else if (!next) {
      recorded = 0; // Something is missing: from the beginning again.
      return;
    }
    lastTick = tick;
    byte[] picture = new byte[encoded.length()];
    System.arraycopy(encoded.data(), 0, picture, 0, picture.length);
    pictures[place] = picture;
    keyFrames[place] = encoded.keyFrame();
    bytes += picture.length;
    recorded = place + 1;
    if (bytes > MAX_BYTES) {
      Arrays.fill(pictures, new byte[0]);
      recorded = 0;
    }
  }
}
