package io.lipstream.app.web;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How many requests each caller may make: a bucket each, filled at a steady rate. Thread-safe.
 *
 * <p>Of callers that have not called for long only so many are remembered; the one forgotten first
 * has a full bucket by then or, among very many, gets one.
 */
final class RequestRate {
  private static final int BURST_SECONDS = 10;
  private static final int MAX_CALLERS = 10_000;
  private static final double NANOS_PER_SECOND = 1e9;

  private final double perSecond;
  private final LongSupplier clock;
  private final Map<String, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true);

  private static final class Bucket {
    private double left;
    private long atNanos;
  }

  /**
   * A rate for each caller.
   *
   * @param perSecond 0 for any number
   * @param clock nanoseconds
   */
  RequestRate(int perSecond, LongSupplier clock) {
    this.perSecond = perSecond;
    this.clock = clock;
  }

  /** Counts a request; zero if it may be made, else when the next may. */
  synchronized Duration take(String caller) {
    if (perSecond == 0) {
      return Duration.ZERO;
    }
    long now = clock.getAsLong();
    double most = perSecond * BURST_SECONDS;
    Bucket bucket = buckets.get(caller);
    if (bucket == null) {
      bucket = new Bucket();
      bucket.left = most;
      bucket.atNanos = now;
      buckets.put(caller, bucket);
      if (buckets.size() > MAX_CALLERS) {
        buckets.remove(buckets.keySet().iterator().next());
      }
    }
    double filled = (now - bucket.atNanos) / NANOS_PER_SECOND * perSecond;
    bucket.left = Math.min(most, bucket.left + filled);
    bucket.atNanos = now;
    if (bucket.left >= 1) {
      bucket.left--;
      return Duration.ZERO;
    }
    return Duration.ofNanos((long) ((1 - bucket.left) / perSecond * NANOS_PER_SECOND));
  }
}
