package io.lipstream.inference.server;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Arrays for pictures on their way out, used again and again so that large calls leave no garbage.
 *
 * <p>Thread-safe. Keeps a few of the size that was wanted last; whoever takes an array owns it
 * until it is given back.
 */
final class PictureArrays {
  private final int maxKept;
  private final Deque<byte[]> kept = new ArrayDeque<>();

  PictureArrays(int maxKept) {
    this.maxKept = maxKept;
  }

  byte[] take(int bytes) {
    synchronized (kept) {
      byte[] array = kept.pollFirst();
      if (array != null && array.length == bytes) {
        return array;
      }
    }
    return new byte[bytes];
  }

  void giveBack(byte[] array) {
    synchronized (kept) {
      if (kept.size() == maxKept) {
        kept.removeLast();
      }
      kept.addFirst(array);
    }
  }
}
