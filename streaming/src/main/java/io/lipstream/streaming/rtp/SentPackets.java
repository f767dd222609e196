package io.lipstream.streaming.rtp;

/**
 * The picture packets of the last moments in one block of memory: first those sent, for whoever
 * misses one, then those still to be sent.
 *
 * <pre>
 *   oldest() ...... next() ...... head()
 *      sent, kept      |   queued
 * </pre>
 *
 * <p>New packets take the place of the oldest sent ones; a queued one is never overwritten. A
 * packet's address grows for ever and its place is the address modulo the block's size, so that
 * what overlaps is a matter of subtraction.
 */
final class SentPackets {
  private final byte[] block;
  private final int mask;
  private final long[] address;
  private final int[] length;
  private final boolean[] lastOfPicture;
  private final long[] sentNanos;
  private final long[] transportSequence;
  private final byte[] resent;
  private final long[] resentNanos;

  private long oldest;
  private long next;
  private long head;
  private long reserved;
  private int queuedBytes;

  /**
   * @param packets the most there can be, a power of two
   * @param firstSequence the first packet's sequence number, without wrapping ever after
   */
  SentPackets(int bytes, int packets, long firstSequence) {
    block = new byte[bytes];
    mask = packets - 1;
    address = new long[packets];
    length = new int[packets];
    lastOfPicture = new boolean[packets];
    sentNanos = new long[packets];
    transportSequence = new long[packets];
    resent = new byte[packets];
    resentNanos = new long[packets];
    oldest = next = head = firstSequence;
  }

  byte[] block() {
    return block;
  }

  long next() {
    return next;
  }

  long head() {
    return head;
  }

  boolean hasQueued() {
    return next < head;
  }

  int queuedBytes() {
    return queuedBytes;
  }

  /** Makes room for the packet {@link #head()}; -1 when the queue alone fills the block. */
  int reserve(int bytes) {
    long at = head == oldest ? reserved : end(head - 1);
    if (at % block.length + bytes > block.length) {
      at += block.length - at % block.length;
    }
    while (oldest < head && (at + bytes - address[slot(oldest)] > block.length || full())) {
      if (oldest == next) {
        return -1;
      }
      oldest++;
    }
    reserved = at;
    return (int) (at % block.length);
  }

  private boolean full() {
    return head - oldest > mask;
  }

  private long end(long sequence) {
    return address[slot(sequence)] + length[slot(sequence)];
  }

  /** Queues the packet written at what was reserved. */
  void add(int bytes, boolean last) {
    int slot = slot(head++);
    address[slot] = reserved;
    length[slot] = bytes;
    lastOfPicture[slot] = last;
    resent[slot] = 0;
    queuedBytes += bytes;
  }

  /** Forgets queued packets from one on, and the whole pictures among them. */
  int dropFrom(long sequence) {
    int pictures = 0;
    while (head > sequence) {
      int slot = slot(--head);
      queuedBytes -= length[slot];
      pictures += lastOfPicture[slot] ? 1 : 0;
    }
    if (head == oldest) {
      reserved = address[slot(head)];
    }
    return pictures;
  }

  /** Where the pictures begin of which nothing was sent yet. */
  long firstWholePicture() {
    if (next == oldest || lastOfPicture[slot(next - 1)]) {
      return next;
    }
    long at = next;
    while (at < head && !lastOfPicture[slot(at)]) {
      at++;
    }
    return Math.min(head, at + 1);
  }

  /** Marks the first queued packet as sent. */
  void sent(long nowNanos, long transport) {
    int slot = slot(next++);
    sentNanos[slot] = nowNanos;
    resentNanos[slot] = nowNanos;
    transportSequence[slot] = transport;
    queuedBytes -= length[slot];
  }

  /** Whether a packet was sent and is still here. */
  boolean has(long sequence) {
    return sequence >= oldest && sequence < next;
  }

  int offset(long sequence) {
    return (int) (address[slot(sequence)] % block.length);
  }

  int length(long sequence) {
    return length[slot(sequence)];
  }

  boolean lastOfPicture(long sequence) {
    return lastOfPicture[slot(sequence)];
  }

  long transportSequence(long sequence) {
    return transportSequence[slot(sequence)];
  }

  long sentNanos(long sequence) {
    return sentNanos[slot(sequence)];
  }

  int timesResent(long sequence) {
    return resent[slot(sequence)];
  }

  /** When it last left, first or again. */
  long lastSentNanos(long sequence) {
    return resentNanos[slot(sequence)];
  }

  void resent(long sequence, long nowNanos) {
    resent[slot(sequence)]++;
    resentNanos[slot(sequence)] = nowNanos;
  }

  private int slot(long sequence) {
    return (int) sequence & mask;
  }
}
