package io.lipstream.streaming.rtp;

/**
 * What the connection carries: the less of what its delays and what its losses allow.
 *
 * <p>Delay: while queues grow, 0.85 of what arrives; while they drain, no change; else more, by 20
 * % a second, by 8 % once queues are known to grow at some rate, or by about a packet per round
 * trip near that rate, but never beyond 1.5 times what arrives, since more was not tried. A
 * connection that carries little because little is sent so keeps its estimate, and loses it step by
 * step rather than at once.
 *
 * <p>Loss, judged once a second: above 10 % less by half of the share lost, below 2 % more by 5 %,
 * in between no change; never below 0.85 of what arrives. Where the viewer sends no transport-wide
 * feedback, its receiver reports feed this half alone. When such feedback stays away for a second,
 * the estimate falls by a fifth every half second.
 *
 * <p>Sources: draft-ietf-rmcat-gcc-02, sections 5 and 6. In place of its probing with padding: the
 * quick search, and the small steps where little is sent.
 */
final class BandwidthEstimate {
  private static final int REMEMBERED = 1 << 11;
  private static final double DECREASE = 0.85;
  private static final double TRIED_SHARE = 0.5;
  private static final double UNTRIED_DECREASE = 0.85;
  private static final double INCREASE_PER_SECOND = 1.08;
  private static final double SEARCH_PER_SECOND = 1.2;
  private static final long RESPONSE_NANOS = 100_000_000;
  private static final long STRAIN_NANOS = 1_000_000_000;
  private static final long LOSS_WINDOW_NANOS = 1_000_000_000;
  private static final int LOSS_MIN_PACKETS = 20;
  private static final long SILENCE_NANOS = 1_000_000_000;
  private static final long SILENCE_STEP_NANOS = 500_000_000;

  private final RtpSettings.Bitrate bounds;
  private final long[] sequences = new long[REMEMBERED];
  private final long[] sentNanos = new long[REMEMBERED];
  private final int[] bytes = new int[REMEMBERED];
  private final boolean[] lost = new boolean[REMEMBERED];
  private final TransportFeedback message = new TransportFeedback();
  private final DelayTrend trend = new DelayTrend();
  private final PassingRate arriving = new PassingRate();
  private final PassingRate sending = new PassingRate();

  private double delayBps;
  private double lossBps;
  private long lastSent = -1;
  private long reference = Long.MIN_VALUE;

  private DelayTrend.Usage usage = DelayTrend.Usage.NORMAL;
  private double limitBps;
  private double limitDeviation = 0.4;
  private long changedNanos = Long.MIN_VALUE;
  private long decreasedNanos = Long.MIN_VALUE;

  private long lossSinceNanos = Long.MIN_VALUE;
  private int arrivedInWindow;
  private int lostInWindow;

  private boolean feedbackComes;
  private long answeredNanos;
  private long sentSinceAnswerNanos = Long.MIN_VALUE;

  BandwidthEstimate(RtpSettings.Bitrate bounds) {
    this.bounds = bounds;
    delayBps = bounds.startBps();
    lossBps = bounds.startBps();
  }

  int bitsPerSecond() {
    return (int) Math.clamp(Math.min(delayBps, lossBps), bounds.minBps(), bounds.maxBps());
  }

  /** Whether queues grow, or did a moment ago: then nothing should leave faster than it arrives. */
  boolean strained(long nowNanos) {
    return usage == DelayTrend.Usage.OVERUSE
        || (decreasedNanos != Long.MIN_VALUE && nowNanos - decreasedNanos < STRAIN_NANOS);
  }

  /** A packet left under this transport-wide number. */
  void sent(long sequence, int size, long nowNanos) {
    int slot = slot(sequence);
    sequences[slot] = sequence;
    sentNanos[slot] = nowNanos;
    bytes[slot] = size;
    lost[slot] = false;
    lastSent = sequence;
    sending.packet(nowNanos, size);
    if (sentSinceAnswerNanos == Long.MIN_VALUE) {
      sentSinceAnswerNanos = nowNanos;
    }
  }

  /** A number was used twice: its arrival says nothing any more. */
  void forget(long sequence) {
    if (sequences[slot(sequence)] == sequence) {
      bytes[slot(sequence)] = 0;
    }
  }

  /** The body of a transport-wide feedback message. */
  void feedback(byte[] packet, int offset, int end, long nowNanos, long roundTripNanos) {
    if (lastSent < 0 || !message.read(packet, offset, end)) {
      return;
    }
    feedbackComes = true;
    answer(nowNanos);
    reference =
        reference == Long.MIN_VALUE
            ? message.reference()
            : reference + ((message.reference() - (int) reference) << 8 >> 8);
    long base = BigEndian.unwrap16(lastSent, message.base());
    for (int i = 0; i < message.count(); i++) {
      int slot = slot(base + i);
      if (sequences[slot] != base + i || bytes[slot] == 0) {
        continue; // told before, or sent too long ago
      }
      if (message.arrived(i)) {
        long arrived = reference * Arrivals.REFERENCE_NANOS + message.arrivalNanos(i);
        arriving.packet(arrived, bytes[slot]);
        trend.packet(sentNanos[slot], arrived);
        arrivedInWindow++;
        lostInWindow -= lost[slot] && lostInWindow > 0 ? 1 : 0; // it was only late
        bytes[slot] = 0;
      } else if (!lost[slot]) {
        lost[slot] = true;
        lostInWindow++;
      }
    }
    judgeDelay(nowNanos, roundTripNanos);
    if (lossSinceNanos == Long.MIN_VALUE) {
      lossSinceNanos = nowNanos;
    }
    int packets = arrivedInWindow + lostInWindow;
    if (nowNanos - lossSinceNanos >= LOSS_WINDOW_NANOS && packets >= LOSS_MIN_PACKETS) {
      judgeLoss((double) lostInWindow / packets);
      lossSinceNanos = nowNanos;
      arrivedInWindow = 0;
      lostInWindow = 0;
    }
  }

  /** What a receiver report says, for viewers that send nothing better. */
  void lossReport(double share, long nowNanos) {
    answer(nowNanos);
    if (reference == Long.MIN_VALUE
        && (lossSinceNanos == Long.MIN_VALUE || nowNanos - lossSinceNanos >= LOSS_WINDOW_NANOS)) {
      lossSinceNanos = nowNanos;
      delayBps = bounds.maxBps();
      judgeLoss(share);
    }
  }

  private void answer(long nowNanos) {
    answeredNanos = nowNanos;
    sentSinceAnswerNanos = Long.MIN_VALUE;
  }

  /** To be called now and then: notices when no answer comes. */
  void tick(long nowNanos) {
    if (feedbackComes // reports alone may be seconds apart
        && sentSinceAnswerNanos != Long.MIN_VALUE
        && nowNanos - sentSinceAnswerNanos > SILENCE_NANOS
        && nowNanos - answeredNanos > SILENCE_NANOS) {
      delayBps = Math.max(bounds.minBps(), delayBps * 0.8);
      answeredNanos += SILENCE_STEP_NANOS;
    }
  }

  private void judgeDelay(long nowNanos, long roundTripNanos) {
    DelayTrend.Usage before = usage;
    usage = trend.usage();
    double elapsed =
        changedNanos == Long.MIN_VALUE ? 0 : Math.min(1, (nowNanos - changedNanos) / 1e9);
    switch (usage) {
      case OVERUSE -> {
        // Once a round trip: the answer to the last step is not here before.
        if (before != usage
            || nowNanos - decreasedNanos > Math.clamp(roundTripNanos, 10_000_000, 200_000_000)) {
          decrease(nowNanos);
        }
      }
      case UNDERUSE -> {}
      case NORMAL -> increase(elapsed, roundTripNanos);
    }
    changedNanos = nowNanos;
    delayBps = Math.clamp(delayBps, bounds.minBps(), bounds.maxBps());
  }

  private void decrease(long nowNanos) {
    double rate = arriving.bitsPerSecond();
    double target = DECREASE * (rate > 0 ? rate : delayBps);
    if (rate > 0) {
      if (limitBps == 0 || rate < limitBps - 3 * deviation()) {
        limitBps = rate; // the connection became another one
      } else {
        limitBps = 0.95 * limitBps + 0.05 * rate;
      }
      double error = (limitBps - rate) / Math.sqrt(limitBps / 1_000) / 1_000;
      limitDeviation = Math.clamp(0.95 * limitDeviation + 0.05 * error * error * 1_000, 0.4, 2.5);
    }
    if (sending.bitsPerSecond() < TRIED_SHARE * delayBps) {
      // Little was sent, so what arrives is no measure of the connection: step by step instead.
      target = Math.max(target, UNTRIED_DECREASE * delayBps);
    }
    delayBps = Math.min(delayBps, target);
    decreasedNanos = nowNanos;
  }

  private double deviation() {
    return Math.sqrt(limitDeviation * limitBps / 1_000) * 1_000;
  }

  private void increase(double elapsedSeconds, long roundTripNanos) {
    double rate = arriving.bitsPerSecond();
    if (limitBps > 0 && rate > limitBps + 3 * deviation()) {
      limitBps = 0; // it carries more than where it failed once: search quickly again
    }
    double more;
    if (limitBps > 0 && rate > limitBps - 3 * deviation()) {
      double response = (RESPONSE_NANOS + roundTripNanos) / 1e9;
      more = delayBps + Math.max(1_000, 4_000 / response) * elapsedSeconds;
    } else {
      double perSecond = limitBps == 0 ? SEARCH_PER_SECOND : INCREASE_PER_SECOND;
      more = delayBps * Math.pow(perSecond, elapsedSeconds) + 1_000 * elapsedSeconds;
    }
    if (rate > 0) {
      more = Math.min(more, 1.5 * rate + 10_000);
    }
    delayBps = Math.max(delayBps, more);
  }

  private void judgeLoss(double share) {
    // From what is sent now, not from what was once allowed and never tried.
    double now = Math.min(lossBps, Math.max(delayBps, bounds.minBps()));
    if (share > 0.1) {
      // What arrives through a full queue is what the connection carries, however much is lost.
      lossBps = Math.max(now * (1 - 0.5 * share), DECREASE * arriving.bitsPerSecond());
    } else if (share < 0.02) {
      lossBps = lossBps * 1.05 + 1_000;
    }
    lossBps = Math.clamp(lossBps, bounds.minBps(), bounds.maxBps());
  }

  private static int slot(long sequence) {
    return (int) sequence & (REMEMBERED - 1);
  }
}
