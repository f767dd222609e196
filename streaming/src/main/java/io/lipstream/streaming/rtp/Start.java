package io.lipstream.streaming.rtp;

import java.util.concurrent.ThreadLocalRandom;

/**
 * The arbitrary first values of a session's numbers.
 *
 * <p>Sequence numbers start in the lower half of their range: a receiver that misses the first
 * packets then still counts the same wraps as we do (RFC 3711, section 3.3.1).
 *
 * @param wallNanos since 1970, when the session began
 */
record Start(
    int pictureSequence,
    int soundSequence,
    int rtxSequence,
    int transportSequence,
    int pictureId,
    int timestamp,
    long wallNanos) {

  static Start random() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    return new Start(
        random.nextInt(0x8000),
        random.nextInt(0x8000),
        random.nextInt(0x8000),
        random.nextInt(0x8000),
        random.nextInt(0x8000),
        random.nextInt(),
        System.currentTimeMillis() * 1_000_000);
  }
}
