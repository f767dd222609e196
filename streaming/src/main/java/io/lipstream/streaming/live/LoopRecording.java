package io.lipstream.streaming.live;

import org.jspecify.annotations.Nullable;

/**
 * One round of a loop as it was encoded, to be sent again in the rounds after it.
 *
 * <p>It consists of parts of about five seconds. A part begins with a keyframe, so that it can
 * follow anything, and is either there as a whole or not at all: what disturbs the recording costs
 * the part it falls into, and whoever had to leave the recording comes back with the next part.
 * Short loops go round several times in one recording: a keyframe is several times the size of
 * other pictures and should not come every second.
 *
 * <p>Owned by its feed.
 */
final class LoopRecording {
  private static final int MIN_SECONDS = 10;
  private static final int PART_SECONDS = 5;

  /** Of a round; what is more is encoded each time. */
  private static final long MAX_BYTES = 64 << 20;

  /** How far the rate may move before another recording is better. */
  private static final double MUCH_MORE = 1.5;

  private static final double MUCH_LESS = 0.85;

  private final int loopPictures;
  private final int bitrateBps;
  private final int parts;
  private final byte[][] pictures;
  private final boolean[] keyFrames;
  private final boolean[] wholeParts;
  private final EncodedPicture repeated = new EncodedPicture();
  private long bytes;

  /** The tick that was recorded last, of a part that has no gap so far. */
  private long lastRecorded = Long.MIN_VALUE / 2;

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
    parts = Math.max(1, pictures.length / (PART_SECONDS * framesPerSecond));
    wholeParts = new boolean[parts];
  }

  boolean isOf(int otherLoopPictures) {
    return otherLoopPictures == loopPictures;
  }

  /** Whether it was recorded at about such a rate. */
  boolean suits(int otherBitrateBps) {
    return otherBitrateBps <= bitrateBps * MUCH_MORE && otherBitrateBps >= bitrateBps * MUCH_LESS;
  }

  int bitrateBps() {
    return bitrateBps;
  }

  private int place(long tick) {
    return Math.floorMod(tick, pictures.length);
  }

  private int part(int place) {
    return (int) ((long) place * parts / pictures.length);
  }

  /** Whether a part begins, and with it a picture that follows anything. */
  boolean beginsPart(long tick) {
    int place = place(tick);
    return place == 0 || part(place) != part(place - 1);
  }

  /** The picture of a tick, or null if it must be encoded; valid until the next call. */
  @Nullable EncodedPicture picture(long tick, long ptsNanos) {
    int place = place(tick);
    if (!wholeParts[part(place)]) {
      return null;
    }
    byte[] picture = pictures[place];
    repeated.begin(picture.length, keyFrames[place], ptsNanos);
    System.arraycopy(picture, 0, repeated.data(), 0, picture.length);
    return repeated;
  }

  /** Whether a part begins that is to be recorded. */
  boolean wantsKeyFrame(long tick) {
    return beginsPart(tick) && bytes <= MAX_BYTES;
  }

  /** Takes what had to be encoded for everybody, until a part is whole. */
  void record(long tick, EncodedPicture encoded) {
    boolean next = beginsPart(tick) ? encoded.keyFrame() : lastRecorded == tick - 1;
    if (!next || bytes > MAX_BYTES) {
      return; // Something is missing: the next part may be luckier.
    }
    lastRecorded = tick;
    int place = place(tick);
    byte[] before = pictures[place];
    byte[] picture = new byte[encoded.length()];
    System.arraycopy(encoded.data(), 0, picture, 0, picture.length);
    pictures[place] = picture;
    keyFrames[place] = encoded.keyFrame();
    bytes += picture.length - (before == null ? 0 : before.length);
    if (beginsPart(tick + 1)) {
      wholeParts[part(place)] = true;
    }
  }
}
