package io.lipstream.streaming.still;

/**
 * Puts the Adler-32 sum of a whole together from those of its parts.
 *
 * <p>The sum of bytes d1 to dn has two halves modulo 65521: A = 1 + d1 + ... + dn, and B, the sum
 * of all A on the way, n + n d1 + (n-1) d2 + ... + dn. With m further bytes every byte before them
 * is counted m times more in B, and the 1 of the second part's A is counted once too often.
 */
final class AdlerSums {
  private static final int BASE = 65521;

  private AdlerSums() {}

  /**
   * The sum of two parts, one after the other.
   *
   * @param secondBytes the length of the second part
   */
  static int joined(int first, int second, int secondBytes) {
    int a1 = first & 0xffff;
    int b1 = first >>> 16;
    int a2 = second & 0xffff;
    int b2 = second >>> 16;
    long before = (long) a1 + BASE - 1;
    long a = (before + a2) % BASE;
    long b = ((long) b1 + b2 + secondBytes % BASE * before) % BASE;
    return (int) ((b << 16) | a);
  }
}
