package io.lipstream.streaming.webrtc;

import java.net.InetAddress;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Tells this machine's own addresses from others. Networks come and go, so an address that is not
 * known has them listed anew, at most once a second: strangers cannot keep the server at it. Used
 * by the endpoint's thread.
 */
final class OwnAddresses {
  private static final long LISTED_NANOS = 1_000_000_000L;

  private final LongSupplier clock;
  private Set<InetAddress> own = Set.of();
  private long listedNanos;

  OwnAddresses(LongSupplier clock) {
    this.clock = clock;
    listedNanos = clock.getAsLong() - LISTED_NANOS;
  }

  boolean contains(InetAddress address) {
    if (address.isLoopbackAddress() || own.contains(address)) {
      return true;
    }
    long nowNanos = clock.getAsLong();
    if (nowNanos - listedNanos < LISTED_NANOS) {
      return false;
    }
    listedNanos = nowNanos;
    own = Set.copyOf(Candidate.local());
    return own.contains(address);
  }
}
