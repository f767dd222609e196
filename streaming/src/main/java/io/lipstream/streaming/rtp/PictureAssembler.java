package io.lipstream.streaming.rtp;

import io.lipstream.streaming.live.LiveVideoCodec;
import java.util.Arrays;

/**
 * Orders the packets of pictures that come in and gives out whole pictures that can be decoded.
 *
 * <p>At most {@value #SLOTS} packets wait. While pictures follow each other they come out in order,
 * however long a packet takes; after {@link #giveUp} only a whole keyframe comes out, and what lies
 * before it is skipped.
 */
final class PictureAssembler {
  static final int SLOTS = 1 << 11;

  private final PictureDepacketiser depacketiser;
  private final byte[][] packets = new byte[SLOTS][];
  private final int[] lengths = new int[SLOTS];
  private final int[] timestamps = new int[SLOTS];
  private final boolean[] markers = new boolean[SLOTS];
  private final long[] sequences = new long[SLOTS];
  private long next;
  private long highest = -1;
  private boolean needsKeyFrame = true;
  private int timestamp;

  PictureAssembler(LiveVideoCodec codec) {
    depacketiser = PictureDepacketiser.of(codec);
    Arrays.fill(sequences, -1);
  }

  /** Begins anew with another source's numbers. */
  void restart() {
    Arrays.fill(sequences, -1);
    highest = -1;
    next = 0;
    needsKeyFrame = true;
  }

  boolean needsKeyFrame() {
    return needsKeyFrame;
  }

  /** The packet that the next picture begins with. */
  long next() {
    return next;
  }

  /** The picture that came out last. */
  PictureDepacketiser picture() {
    return depacketiser;
  }

  int timestamp() {
    return timestamp;
  }

  /** The order of pictures is broken: go on with a keyframe. */
  void giveUp() {
    needsKeyFrame = true;
  }

  /** Takes a packet; false when it is older than what was given out, or there twice. */
  boolean packet(
      long sequence, boolean marker, int time, byte[] packet, int offset, int payloadLength) {
    int slot = slot(sequence);
    if (sequence < next || sequences[slot] >= sequence) {
      return false;
    }
    if (highest >= 0 && sequence - next >= SLOTS) { // too far ahead of what is waited for
      next = sequence - SLOTS + 1;
      needsKeyFrame = true;
    }
    if (packets[slot] == null || packets[slot].length < payloadLength) {
      packets[slot] = new byte[Math.max(RtpSession.MAX_PACKET_BYTES, payloadLength)];
    }
    System.arraycopy(packet, offset, packets[slot], 0, payloadLength);
    lengths[slot] = payloadLength;
    timestamps[slot] = time;
    markers[slot] = marker;
    sequences[slot] = sequence;
    highest = Math.max(highest, sequence);
    return true;
  }

  /** Puts the next picture together; false when there is none yet. */
  boolean nextPicture() {
    while (true) {
      long first = needsKeyFrame ? firstWholeKeyFrame() : next;
      long last = first < 0 ? -1 : lastOfPicture(first);
      if (last < 0) {
        return false;
      }
      boolean wasBroken = needsKeyFrame;
      boolean whole = assemble(first, last);
      next = last + 1;
      needsKeyFrame = !whole;
      if (whole) {
        return true;
      }
      if (wasBroken && next > highest) {
        return false;
      }
    }
  }

  private long firstWholeKeyFrame() {
    for (long s = next == 0 ? Math.max(0, highest - SLOTS + 1) : next; s <= highest; s++) {
      int slot = slot(s);
      if (sequences[slot] == s
          && depacketiser.startsKeyFrame(packets[slot], 0, lengths[slot])
          && lastOfPicture(s) >= 0) {
        return s;
      }
    }
    return -1;
  }

  /** The packet that ends the picture that another begins; -1 while one is missing. */
  private long lastOfPicture(long first) {
    for (long s = first; s <= highest; s++) {
      int slot = slot(s);
      if (sequences[slot] != s || timestamps[slot] != timestamps[slot(first)]) {
        return -1;
      }
      if (markers[slot]) {
        return s;
      }
    }
    return -1;
  }

  private boolean assemble(long first, long last) {
    int slot = slot(first);
    timestamp = timestamps[slot];
    depacketiser.begin(depacketiser.startsKeyFrame(packets[slot], 0, lengths[slot]));
    for (long s = first; s <= last; s++) {
      if (!depacketiser.add(packets[slot(s)], 0, lengths[slot(s)])) {
        return false;
      }
    }
    return depacketiser.complete();
  }

  private static int slot(long sequence) {
    return (int) sequence & (SLOTS - 1);
  }
}
