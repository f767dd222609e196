package io.lipstream.streaming.rtp;

/**
 * Reads what a receiver says of each packet's arrival
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1).
 */
final class TransportFeedback {
  /** More packets than are ever under way; a longer message is nonsense. */
  private static final int MAX_PACKETS = 8_192;

  private static final int HEADER_BYTES = 8;

  private final byte[] symbols = new byte[MAX_PACKETS];
  private final long[] arrivalTicks = new long[MAX_PACKETS];
  private int base;
  private int count;
  private int reference;

  /** Reads a message; false when it is malformed, and nothing of it is to be used then. */
  boolean read(byte[] packet, int offset, int end) {
    count = 0;
    if (offset + HEADER_BYTES > end || end > packet.length) {
      return false;
    }
    base = BigEndian.u16(packet, offset);
    int announced = BigEndian.u16(packet, offset + 2);
    reference = BigEndian.u24(packet, offset + 4);
    if (announced > MAX_PACKETS) {
      return false;
    }
    int deltas = readSymbols(packet, offset + HEADER_BYTES, end, announced);
    if (deltas < 0 || !readDeltas(packet, deltas, end, announced)) {
      return false;
    }
    count = announced;
    return true;
  }

  private int readSymbols(byte[] packet, int from, int end, int announced) {
    int at = from;
    int known = 0;
    while (known < announced) {
      if (at + 2 > end) {
        return -1;
      }
      int chunk = BigEndian.u16(packet, at);
      at += 2;
      int symbolsHere = (chunk & 0x8000) == 0 ? chunk & 0x1fff : (chunk & 0x4000) == 0 ? 14 : 7;
      for (int i = 0; i < symbolsHere && known < announced; i++) {
        symbols[known++] = (byte) symbol(chunk, i);
      }
    }
    return at;
  }

  private static int symbol(int chunk, int index) {
    if ((chunk & 0x8000) == 0) {
      return chunk >> 13 & 3;
    }
    if ((chunk & 0x4000) == 0) {
      return chunk >> (13 - index) & 1;
    }
    return chunk >> (12 - 2 * index) & 3;
  }

  private boolean readDeltas(byte[] packet, int from, int end, int announced) {
    int at = from;
    long tick = 0;
    for (int i = 0; i < announced; i++) {
      int bytes = symbols[i];
      if (bytes == 0) {
        continue;
      }
      if (bytes == 3 || at + bytes > end) {
        return false;
      }
      tick += bytes == 1 ? BigEndian.u8(packet, at) : (short) BigEndian.u16(packet, at);
      arrivalTicks[i] = tick;
      at += bytes;
    }
    return true;
  }

  int base() {
    return base;
  }

  int count() {
    return count;
  }

  boolean arrived(int index) {
    return symbols[index] != 0;
  }

  /** Steps of 64 ms, of which 24 bits are told. */
  int reference() {
    return reference;
  }

  /** Since the reference time. */
  long arrivalNanos(int index) {
    return arrivalTicks[index] * Arrivals.TICK_NANOS;
  }
}
