package io.lipstream.streaming.rtp;

import java.util.Arrays;

/**
 * When packets arrived, by transport-wide sequence number, and its report to the sender
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1).
 */
final class Arrivals {
  static final long TICK_NANOS = 250_000;
  static final long REFERENCE_NANOS = 64_000_000;

  private static final int REMEMBERED = 1 << 12;
  private static final long MISSING = Long.MIN_VALUE;
  private static final int HEADER_BYTES = 8;

  private final long[] arrivedNanos = new long[REMEMBERED];
  private long next = -1;
  private long highest = -1;
  private int feedbackCount;

  Arrivals() {
    Arrays.fill(arrivedNanos, MISSING);
  }

  void packet(int low16, long nowNanos) {
    long sequence = highest < 0 ? 0x10000L + low16 : BigEndian.unwrap16(highest, low16);
    if (highest < 0) {
      next = sequence;
      highest = sequence;
    }
    if (sequence <= highest - REMEMBERED / 2) {
      return; // too late for any use
    }
    if (sequence - highest >= REMEMBERED) { // it jumped
      Arrays.fill(arrivedNanos, MISSING);
      next = sequence;
    }
    for (long s = Math.max(highest + 1, sequence - REMEMBERED); s < sequence; s++) {
      arrivedNanos[slot(s)] = MISSING;
    }
    highest = Math.max(highest, sequence);
    arrivedNanos[slot(sequence)] = nowNanos;
    // One that was reported as lost already is reported once more.
    next = Math.max(Math.min(next, sequence), highest - REMEMBERED / 2);
  }

  boolean hasNews() {
    return highest >= 0 && next <= highest;
  }

  /**
   * Writes the message's body, from the base sequence number on, about what is new.
   *
   * @return its length, not yet padded to words
   */
  int write(byte[] into, int offset, int room) {
    long base = next;
    long firstArrived = base;
    while (arrivedNanos[slot(firstArrived)] == MISSING) {
      firstArrived++;
    }
    long reference = Math.floorDiv(arrivedNanos[slot(firstArrived)], REFERENCE_NANOS);
    // Each packet takes at most two bytes of delta and, in the worst case, 2/7 of a chunk's bits.
    int most = (int) Math.min(highest - base + 1, (room - HEADER_BYTES - 2) * 7L / 16);
    int count = countThatFits(base, most, reference);
    int chunksEnd = writeChunks(into, offset + HEADER_BYTES, base, count, reference);
    int end = writeDeltas(into, chunksEnd, base, count, reference);
    BigEndian.put16(into, offset, (int) base);
    BigEndian.put16(into, offset + 2, count);
    BigEndian.put24(into, offset + 4, (int) reference);
    into[offset + 7] = (byte) feedbackCount++;
    next = base + count;
    return end - offset;
  }

  /** Fewer when two neighbours are more than a delta can say apart. */
  private int countThatFits(long base, int most, long reference) {
    long tick = reference * (REFERENCE_NANOS / TICK_NANOS);
    for (int i = 0; i < most; i++) {
      long arrived = arrivedNanos[slot(base + i)];
      if (arrived != MISSING) {
        long delta = Math.floorDiv(arrived, TICK_NANOS) - tick;
        if (delta < Short.MIN_VALUE || delta > Short.MAX_VALUE) {
          return i;
        }
        tick += delta;
      }
    }
    return most;
  }

  private int writeChunks(byte[] into, int from, long base, int count, long reference) {
    int[] symbols = new int[count + 7];
    long tick = reference * (REFERENCE_NANOS / TICK_NANOS);
    for (int i = 0; i < count; i++) {
      long arrived = arrivedNanos[slot(base + i)];
      if (arrived != MISSING) {
        long delta = Math.floorDiv(arrived, TICK_NANOS) - tick;
        tick += delta;
        symbols[i] = delta >= 0 && delta < 256 ? 1 : 2;
      }
    }
    int at = from;
    int i = 0;
    while (i < count) {
      int run = 1;
      while (i + run < count && run < 0x1fff && symbols[i + run] == symbols[i]) {
        run++;
      }
      int chunk;
      if (run >= 7) {
        chunk = symbols[i] << 13 | run;
        i += run;
      } else {
        chunk = 0xc000;
        for (int k = 0; k < 7; k++) {
          chunk |= symbols[i + k] << (12 - 2 * k);
        }
        i += 7;
      }
      BigEndian.put16(into, at, chunk);
      at += 2;
    }
    return at;
  }

  private int writeDeltas(byte[] into, int from, long base, int count, long reference) {
    int at = from;
    long tick = reference * (REFERENCE_NANOS / TICK_NANOS);
    for (int i = 0; i < count; i++) {
      long arrived = arrivedNanos[slot(base + i)];
      if (arrived == MISSING) {
        continue;
      }
      long delta = Math.floorDiv(arrived, TICK_NANOS) - tick;
      tick += delta;
      if (delta >= 0 && delta < 256) {
        into[at++] = (byte) delta;
      } else {
        BigEndian.put16(into, at, (int) delta);
        at += 2;
      }
    }
    return at;
  }

  private static int slot(long sequence) {
    return (int) sequence & (REMEMBERED - 1);
  }
}
