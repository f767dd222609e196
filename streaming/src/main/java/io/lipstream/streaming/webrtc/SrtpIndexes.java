package io.lipstream.streaming.webrtc;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which packets of each source were seen: rollover counters (RFC 3711, section 3.3.1) and the
 * window against replays (section 3.3.2). One thread at a time.
 */
final class SrtpIndexes {
  /** As wide as a burst that a network may reorder, and a keyframe at several Mbit/s. */
  static final int WINDOW = 1024;

  /** More than any browser has; strangers cannot fill it, since only true packets are recorded. */
  private static final int MAX_SOURCES = 32;

  private final Source[] sources = new Source[MAX_SOURCES];
  private int sourceCount;

  /**
   * The 48-bit index of a packet, whose rollover counter is the likeliest one.
   *
   * @return negative for one that cannot be: older than the first
   */
  long guess(int ssrc, int sequence) {
    Source source = find(ssrc);
    if (source == null) {
      return sequence;
    }
    long rollover = source.highest >>> 16;
    int last = (int) source.highest & 0xFFFF;
    if (last < 0x8000) {
      rollover -= sequence - last > 0x8000 ? 1 : 0;
    } else {
      rollover += last - 0x8000 > sequence ? 1 : 0;
    }
    return rollover < 0 ? -1 : rollover << 16 | sequence;
  }

  /** Whether this index was neither seen nor is too old to know. */
  boolean fresh(int ssrc, long index) {
    Source source = find(ssrc);
    return source == null ? sourceCount < MAX_SOURCES : source.fresh(index);
  }

  /** Marks a fresh index as seen, once its packet has proved to be true. */
  void record(int ssrc, long index) {
    Source source = find(ssrc);
    if (source == null) {
      source = new Source(ssrc, index);
      sources[sourceCount++] = source;
    }
    source.record(index);
  }

  private @Nullable Source find(int ssrc) {
    for (int i = 0; i < sourceCount; i++) {
      if (sources[i].ssrc == ssrc) {
        return sources[i];
      }
    }
    return null;
  }

  private static final class Source {
    final int ssrc;
    final long[] seen = new long[WINDOW / Long.SIZE];
    long highest;

    Source(int ssrc, long first) {
      this.ssrc = ssrc;
      highest = first;
    }

    boolean fresh(long index) {
      if (index > highest) {
        return true;
      }
      return highest - index < WINDOW && (seen[word(index)] & 1L << index) == 0;
    }

    void record(long index) {
      if (index - highest >= WINDOW) {
        Arrays.fill(seen, 0);
        highest = index;
      }
      while (highest < index) {
        highest++;
        seen[word(highest)] &= ~(1L << highest);
      }
      seen[word(index)] |= 1L << index;
    }

    private static int word(long index) {
      return (int) (index / Long.SIZE % (WINDOW / Long.SIZE));
    }
  }
}
