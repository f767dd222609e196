package io.lipstream.media.avatar;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;

/** The place of one frame that may not be decoded yet. Thread-safe. */
final class FrameSlot {
  private final int index;
  private final AtomicBoolean claimed = new AtomicBoolean();
  private final CompletableFuture<AvatarFrame> frame = new CompletableFuture<>();

  FrameSlot(int index) {
    this.index = index;
  }

  int index() {
    return index;
  }

  /** True for the one caller who shall fill this slot. */
  boolean claim() {
    return claimed.compareAndSet(false, true);
  }

  void complete(AvatarFrame decoded) {
    frame.complete(decoded);
  }

  void fail(Throwable cause) {
    frame.completeExceptionally(cause);
  }

  AvatarFrame await() {
    try {
      return frame.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }
}
