package io.lipstream.inference.server;

import com.google.protobuf.ByteString;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Avatars' pictures by the SHA-256 of their content, in a bounded number of bytes: those not in use
 * go in the order of their last use.
 *
 * <p>Thread-safe. Room is reserved before pictures arrive, so that uploads cannot exceed the bound
 * together.
 */
final class VisualsCache {
  private final long maxBytes;

  /** The one used longest ago first. */
  private final Map<ByteString, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

  private long usedBytes;

  private static final class Entry {
    private final Visuals visuals;
    private int users;

    Entry(Visuals visuals) {
      this.visuals = visuals;
    }
  }

  VisualsCache(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  long maxBytes() {
    return maxBytes;
  }

  synchronized boolean holds(ByteString sum) {
    return entries.get(sum) != null;
  }

  /** Takes an avatar into use, or null if it is not here; to be released. */
  synchronized @Nullable Visuals acquire(ByteString sum) {
    Entry entry = entries.get(sum);
    if (entry == null) {
      return null;
    }
    entry.users++;
    return entry.visuals;
  }

  synchronized void release(ByteString sum) {
    Entry entry = entries.get(sum);
    if (entry == null || entry.users == 0) {
      throw new IllegalStateException("visuals released that nobody uses");
    }
    entry.users--;
  }

  /**
   * Makes room, letting go of what is not in use; false if what is in use leaves too little, and
   * then nothing was let go.
   */
  synchronized boolean reserve(long bytes) {
    long idleBytes = 0;
    for (Entry entry : entries.values()) {
      idleBytes += entry.users == 0 ? entry.visuals.bytes() : 0;
    }
    if (usedBytes - idleBytes + bytes > maxBytes) {
      return false;
    }
    Iterator<Entry> oldest = entries.values().iterator();
    while (usedBytes + bytes > maxBytes && oldest.hasNext()) {
      Entry entry = oldest.next();
      if (entry.users == 0) {
        usedBytes -= entry.visuals.bytes();
        oldest.remove();
      }
    }
    usedBytes += bytes;
    return true;
  }

  /** Gives back what was reserved for pictures that did not come. */
  synchronized void cancel(long bytes) {
    usedBytes -= bytes;
  }

  /** Keeps pictures whose room was reserved. */
  synchronized void put(ByteString sum, Visuals visuals) {
    if (entries.containsKey(sum)) {
      usedBytes -= visuals.bytes();
    } else {
      entries.put(sum, new Entry(visuals));
    }
  }

  synchronized long usedBytes() {
    return usedBytes;
  }
}
