package io.lipstream.streaming.rtp;

/**
 * Whether packets queue up on their way, from how the gaps between groups of them grow.
 *
 * <p>Packets that left within 5 ms are one group. For each group, the gap to the one before it at
 * arrival less the gap at departure says how much longer it queued. The sum of these differences,
 * smoothed, is fitted with a straight line over the last 20 groups; its slope, scaled by how many
 * groups there were, is compared with a threshold that follows the slope slowly, so that the noise
 * of a radio link and the queues of competing flows do not starve us.
 *
 * <p>Sources: draft-ietf-rmcat-gcc-02 (groups, adaptive threshold, over-use detector); G. Carlucci
 * and others, "Analysis and Design of the Google Congestion Control for WebRTC", MMSys 2016; a line
 * is fitted in place of the draft's Kalman filter, as browsers do today.
 */
final class DelayTrend {
  enum Usage {
    NORMAL,
    /** Queues grow. */
    OVERUSE,
    /** Queues drain: wait until they are empty. */
    UNDERUSE
  }

  private static final double GROUP_MILLIS = 5;
  private static final double MAX_BURST_MILLIS = 100;
  private static final double STALE_MILLIS = 3_000;

  private static final int WINDOW = 20;
  private static final double SMOOTHING = 0.9;
  private static final int MAX_GROUPS = 60;
  private static final double GAIN = 4;

  private static final double FIRST_THRESHOLD = 12.5;
  private static final double MIN_THRESHOLD = 6;
  private static final double MAX_THRESHOLD = 600;
  private static final double THRESHOLD_UP = 0.0087;
  private static final double THRESHOLD_DOWN = 0.039;
  private static final double OUTLIER = 15;
  private static final double OVERUSE_MILLIS = 10;

  private final double[] arrivals = new double[WINDOW];
  private final double[] delays = new double[WINDOW];

  private int groups;
  private double firstArrival;
  private double accumulated;
  private double smoothed;
  private double slopeBefore;
  private double threshold = FIRST_THRESHOLD;
  private double thresholdAt;
  private double overusedMillis;
  private int overusedGroups;
  private Usage usage = Usage.NORMAL;

  private boolean hasGroup;
  private boolean hasEarlierGroup;
  private double firstSent;
  private double lastSent;
  private double firstArrived;
  private double lastArrived;
  private double earlierSent;
  private double earlierArrived;

  Usage usage() {
    return usage;
  }

  /** A packet that arrived; the two times are on two clocks, which only their changes compare. */
  void packet(long sentNanos, long arrivedNanos) {
    double sent = sentNanos / 1e6;
    double arrived = arrivedNanos / 1e6;
    if (hasGroup && sent < firstSent) {
      return; // of a group that was judged already
    }
    if (hasGroup && belongsToGroup(sent, arrived)) {
      lastSent = Math.max(lastSent, sent);
      lastArrived = Math.max(lastArrived, arrived);
      return;
    }
    if (hasGroup && (!hasEarlierGroup || lastArrived >= earlierArrived)) {
      // else the whole group was overtaken, which says nothing about queues
      if (hasEarlierGroup) {
        compare();
      }
      earlierSent = lastSent;
      earlierArrived = lastArrived;
      hasEarlierGroup = true;
    }
    hasGroup = true;
    firstSent = sent;
    lastSent = sent;
    firstArrived = arrived;
    lastArrived = arrived;
  }

  private boolean belongsToGroup(double sent, double arrived) {
    if (sent - firstSent <= GROUP_MILLIS) {
      return true;
    }
    // What a radio link delivers in one go says nothing about queues.
    return arrived - lastArrived - (sent - lastSent) < 0
        && arrived - lastArrived <= GROUP_MILLIS
        && arrived - firstArrived < MAX_BURST_MILLIS;
  }

  private void compare() {
    double sentGap = lastSent - earlierSent;
    double arrivedGap = lastArrived - earlierArrived;
    if (Math.abs(arrivedGap - sentGap) > STALE_MILLIS) {
      restart();
      return;
    }
    if (groups == 0) {
      firstArrival = lastArrived;
    }
    accumulated += arrivedGap - sentGap;
    smoothed = SMOOTHING * smoothed + (1 - SMOOTHING) * accumulated;
    arrivals[groups % WINDOW] = lastArrived - firstArrival;
    delays[groups % WINDOW] = smoothed;
    groups++;
    double slope = groups >= WINDOW ? slope() : slopeBefore;
    judge(slope, sentGap);
    slopeBefore = slope;
  }

  private void restart() {
    groups = 0;
    accumulated = 0;
    smoothed = 0;
    slopeBefore = 0;
    overusedMillis = 0;
    overusedGroups = 0;
    usage = Usage.NORMAL;
  }

  private double slope() {
    double meanArrival = 0;
    double meanDelay = 0;
    for (int i = 0; i < WINDOW; i++) {
      meanArrival += arrivals[i] / WINDOW;
      meanDelay += delays[i] / WINDOW;
    }
    double over = 0;
    double under = 0;
    for (int i = 0; i < WINDOW; i++) {
      double x = arrivals[i] - meanArrival;
      over += x * (delays[i] - meanDelay);
      under += x * x;
    }
    return under == 0 ? 0 : over / under;
  }

  private void judge(double slope, double sentGap) {
    double trend = Math.min(groups, MAX_GROUPS) * slope * GAIN;
    if (trend > threshold) {
      overusedMillis += overusedGroups == 0 ? sentGap / 2 : sentGap;
      overusedGroups++;
      if (overusedMillis > OVERUSE_MILLIS && overusedGroups > 1 && slope >= slopeBefore) {
        overusedMillis = 0;
        overusedGroups = 0;
        usage = Usage.OVERUSE;
      }
    } else {
      overusedMillis = 0;
      overusedGroups = 0;
      usage = trend < -threshold ? Usage.UNDERUSE : Usage.NORMAL;
    }
    follow(Math.abs(trend));
  }

  private void follow(double size) {
    double elapsed = Math.clamp(lastArrived - thresholdAt, 0, 100);
    thresholdAt = lastArrived;
    if (size > threshold + OUTLIER) {
      return; // a sudden jump is no reason to become deaf
    }
    double speed = size < threshold ? THRESHOLD_DOWN : THRESHOLD_UP;
    threshold =
        Math.clamp(threshold + speed * (size - threshold) * elapsed, MIN_THRESHOLD, MAX_THRESHOLD);
  }
}
