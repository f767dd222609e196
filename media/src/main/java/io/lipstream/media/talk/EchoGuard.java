package io.lipstream.media.talk;

import java.util.Arrays;

/**
 * Decides whether what a microphone hears is the avatar's own voice coming back.
 *
 * <p>Both sounds are reduced to their power in eight bands every 16 ms. An echo is the same
 * pattern, later and through some room: for every delay up to 0.9 s, each band gets the gain at
 * which the avatar's power explains the microphone's most of the time (a low quantile of their
 * ratio over the last second, so that another voice on top does not raise it), with a tail for the
 * room. What remains above that and above the noise, over the last third of a second and as a share
 * of all, is small for an echo and large for another person, who may speak over the echo. The delay
 * that leaves least over the last second is taken.
 *
 * <p>The gains of clear echoes are remembered: another voice that goes on for a while cannot raise
 * them far. They are forgotten when a turn begins, in case the loudspeaker was turned up.
 *
 * <p>heard(), possible() and explains() and forgetRoom() belong to one thread, played() to any
 * other. Allocates nothing after construction.
 */
final class EchoGuard {
  private static final int RATE_HZ = 16_000;
  private static final int BIN_SAMPLES = 256;
  private static final long BIN_NANOS = 1_000_000_000L * BIN_SAMPLES / RATE_HZ;
  private static final double[] CENTRES_HZ = {250, 400, 630, 1_000, 1_600, 2_500, 4_000, 5_800};
  private static final int BANDS = CENTRES_HZ.length;

  /** Longest way from the server's clock to the browser's speaker and back. */
  private static final int MAX_DELAY_BINS = 56;

  /** Delays are tried in halves of a bin. */
  private static final int DELAYS = 2 * MAX_DELAY_BINS;

  /** What gains and the delay are found in. */
  private static final int LONG_BINS = 64;

  /** What is judged. */
  private static final int RECENT_BINS = 20;

  private static final int RING = 256;

  /** A room's echo fades by 60 dB in a third of a second. */
  private static final float TAIL = 0.5f;

  private static final double GAIN_QUANTILE = 0.3;

  /** How far a bin of an echo strays from its band's gain, as a factor. */
  private static final float HEADROOM = 4;

  /** Least power of a bin to mean noise, of the mean of a second; few degrees of freedom. */
  private static final float NOISE_OVER_LEAST = 6;

  /** Share of the avatar's loudest bin in a band below which the ratio tells nothing. */
  private static final float ACTIVE_SHARE = 0.03f;

  /** 50 dB under full scale. */
  private static final float AUDIBLE = 1e-5f;

  /** Share of the last second's mean power below which the recent sound is only its fading. */
  private static final double QUIET_SHARE = 0.1;

  /** Below this, an echo is clear enough to learn the room's gains from. */
  private static final double CLEAR_ECHO = 0.15;

  /** How much of a new measurement enters what is known of the room. */
  private static final float TRUST_CHANGE = 0.05f;

  private static final float TRUSTED_HEADROOM = 2;
  private static final double MOST_UNEXPLAINED = 0.35;

  private final Bands avatarBands = new Bands();
  private final Bands userBands = new Bands();

  /** Power by bin of the clock modulo RING; both threads hold its lock. */
  private final float[][] avatar = new float[RING][BANDS];

  private final float[] avatarBin = new float[BANDS];
  private int avatarFilled;
  private long avatarNext = Long.MIN_VALUE;
  private long lastAudible = Long.MIN_VALUE;

  private final float[][] user = new float[RING][BANDS];
  private long userNext = Long.MIN_VALUE;
  private int userCount;

  /** The avatar's power; the newest bin last, as old as the user's newest. */
  private final float[][] source = new float[LONG_BINS + MAX_DELAY_BINS + 1][BANDS];

  /** The same with a room's tail. */
  private final float[][] inRoom = new float[source.length][BANDS];

  private final float[] noise = new float[BANDS];
  private final float[] gains = new float[BANDS];
  private final float[] limited = new float[BANDS];
  private double loudness;
  private final float[] ratios = new float[LONG_BINS];

  /** Where the echo was found last. */
  private int lastDelay;

  /** The gains of this room as clear echoes showed them. */
  private final float[] trusted = new float[BANDS];

  private boolean trusting;

  /** Takes what the avatar says from a moment on. */
  void played(float[] mono16k, int offset, int count, long nanos) {
    synchronized (avatar) {
      long bin = Math.floorDiv(nanos, BIN_NANOS);
      // Pieces come about when they are due; only a real pause moves the place.
      if (avatarNext == Long.MIN_VALUE || Math.abs(bin - avatarNext) > 4) {
        skipTo(bin);
      }
      for (int i = 0; i < count; i++) {
        avatarBands.add(mono16k[offset + i], avatarBin);
        if (++avatarFilled == BIN_SAMPLES) {
          endAvatarBin();
        }
      }
    }
  }

  private void skipTo(long bin) {
    if (avatarNext == Long.MIN_VALUE || bin < avatarNext || bin - avatarNext > RING) {
      for (float[] each : avatar) {
        Arrays.fill(each, 0);
      }
    } else {
      for (long silent = avatarNext; silent < bin; silent++) {
        Arrays.fill(avatar[slot(silent)], 0);
      }
    }
    avatarNext = bin;
    avatarFilled = 0;
    Arrays.fill(avatarBin, 0);
  }

  private void endAvatarBin() {
    float sum = 0;
    float[] target = avatar[slot(avatarNext)];
    for (int band = 0; band < BANDS; band++) {
      target[band] = avatarBin[band] / BIN_SAMPLES;
      sum += target[band];
    }
    if (sum > AUDIBLE) {
      lastAudible = avatarNext;
    }
    avatarBands.forgetTraces();
    avatarNext++;
    avatarFilled = 0;
    Arrays.fill(avatarBin, 0);
  }

  /** Takes the next window of the microphone, whose first sample came at the given moment. */
  void heard(float[] window, long nanos) {
    long bin = Math.floorDiv(nanos, BIN_NANOS);
    if (userNext == Long.MIN_VALUE || Math.abs(bin - userNext) > 4) {
      userNext = bin;
      userCount = 0;
    }
    for (int from = 0; from + BIN_SAMPLES <= window.length; from += BIN_SAMPLES) {
      float[] target = user[slot(userNext)];
      Arrays.fill(target, 0);
      for (int i = from; i < from + BIN_SAMPLES; i++) {
        userBands.add(window[i], target);
      }
      for (int band = 0; band < BANDS; band++) {
        target[band] /= BIN_SAMPLES;
      }
      userBands.forgetTraces();
      userNext++;
      userCount = Math.min(userCount + 1, LONG_BINS);
    }
  }

  /** Whether an echo of the avatar's voice may be in the air. */
  boolean possible(long nanos) {
    synchronized (avatar) {
      return lastAudible != Long.MIN_VALUE
          && Math.floorDiv(nanos, BIN_NANOS) - lastAudible <= MAX_DELAY_BINS;
    }
  }

  /** Whether the avatar's voice explains what was heard in the last third of a second. */
  boolean explains() {
    return unexplained() < MOST_UNEXPLAINED;
  }

  /** Share of the recent power that is neither noise nor an echo: 0 to 1. */
  double unexplained() {
    if (userCount == 0) {
      return 1;
    }
    copySource();
    findNoise();
    int recentBins = Math.min(userCount, RECENT_BINS);
    findGains(lastDelay);
    double here = unexplained(recentBins, lastDelay, limitedGains());
    if (here < CLEAR_ECHO) {
      trustGains();
    }
    if (here < MOST_UNEXPLAINED) {
      return here;
    }
    double least = Double.MAX_VALUE;
    double recent = 1;
    for (int delay = 0; delay < DELAYS; delay++) {
      findGains(delay);
      double share = unexplained(userCount, delay, limitedGains());
      if (share < least) {
        least = share;
        recent = unexplained(recentBins, delay, limited);
        lastDelay = delay;
      }
    }
    return recent;
  }

  private void copySource() {
    synchronized (avatar) {
      long first = userNext - source.length;
      for (int i = 0; i < source.length; i++) {
        long bin = first + i;
        boolean there = bin < avatarNext && bin >= avatarNext - RING;
        for (int band = 0; band < BANDS; band++) {
          float power = there ? avatar[slot(bin)][band] : 0;
          source[i][band] = power;
          inRoom[i][band] = i == 0 ? power : Math.max(power, TAIL * inRoom[i - 1][band]);
        }
      }
    }
  }

  private void findNoise() {
    Arrays.fill(noise, Float.MAX_VALUE);
    loudness = 0;
    for (int i = 1; i <= userCount; i++) {
      float[] heard = user[slot(userNext - i)];
      for (int band = 0; band < BANDS; band++) {
        noise[band] = Math.min(noise[band], heard[band] * NOISE_OVER_LEAST);
        loudness += heard[band] / userCount;
      }
    }
  }

  /** The gain of each band at which the delayed avatar explains the user most of the time. */
  private void findGains(int delay) {
    for (int band = 0; band < BANDS; band++) {
      float loudest = 0;
      for (int i = 1; i <= userCount; i++) {
        loudest = Math.max(loudest, played(source, i, delay, band));
      }
      int count = 0;
      for (int i = 1; i <= userCount; i++) {
        float played = played(source, i, delay, band);
        if (played > loudest * ACTIVE_SHARE) {
          ratios[count++] = user[slot(userNext - i)][band] / played;
        }
      }
      Arrays.sort(ratios, 0, count);
      gains[band] = count == 0 ? 0 : ratios[(int) (count * GAIN_QUANTILE)];
    }
  }

  /** The gains found, but not far above what is known of this room. */
  private float[] limitedGains() {
    for (int band = 0; band < BANDS; band++) {
      limited[band] =
          trusting ? Math.min(gains[band], TRUSTED_HEADROOM * trusted[band]) : gains[band];
    }
    return limited;
  }

  private void trustGains() {
    for (int band = 0; band < BANDS; band++) {
      float change = trusting ? TRUST_CHANGE * (gains[band] - trusted[band]) : gains[band];
      trusted[band] += change;
    }
    trusting = true;
  }

  /** Forgets the room's gains, for it may have been them that were wrong. */
  void forgetRoom() {
    trusting = false;
    Arrays.fill(trusted, 0);
  }

  /** The avatar's power that is heard a number of bins ago if its way takes so many half bins. */
  private static float played(float[][] power, int binsAgo, int delay, int band) {
    int bin = power.length - binsAgo - delay / 2;
    return delay % 2 == 0 ? power[bin][band] : (power[bin][band] + power[bin - 1][band]) / 2;
  }

  private double unexplained(int bins, int delay, float[] gainOfBand) {
    double all = 0;
    double over = 0;
    for (int i = 1; i <= bins; i++) {
      float[] heard = user[slot(userNext - i)];
      for (int band = 0; band < BANDS; band++) {
        float loud = heard[band] - noise[band];
        if (loud > 0) {
          all += loud;
          over += Math.max(0, loud - HEADROOM * gainOfBand[band] * played(inRoom, i, delay, band));
        }
      }
    }
    return all == 0 ? 0 : over / Math.max(all, QUIET_SHARE * loudness * bins);
  }

  private static int slot(long bin) {
    return (int) Math.floorMod(bin, (long) RING);
  }

  /** Second-order band-pass filters side by side (R. Bristow-Johnson's, constant peak gain). */
  private static final class Bands {
    private static final double Q = 2;
    private static final float TRACE = 1e-15f;

    private final float[] b0 = new float[BANDS];
    private final float[] a1 = new float[BANDS];
    private final float[] a2 = new float[BANDS];
    private final float[] x1 = new float[BANDS];
    private final float[] x2 = new float[BANDS];
    private final float[] y1 = new float[BANDS];
    private final float[] y2 = new float[BANDS];

    Bands() {
      for (int band = 0; band < BANDS; band++) {
        double omega = 2 * Math.PI * CENTRES_HZ[band] / RATE_HZ;
        double alpha = Math.sin(omega) / (2 * Q);
        b0[band] = (float) (alpha / (1 + alpha));
        a1[band] = (float) (-2 * Math.cos(omega) / (1 + alpha));
        a2[band] = (float) ((1 - alpha) / (1 + alpha));
      }
    }

    /** Ends what fades away in silence, before its numbers become too small for the processor. */
    void forgetTraces() {
      for (int band = 0; band < BANDS; band++) {
        if (Math.abs(y1[band]) + Math.abs(y2[band]) < TRACE) {
          y1[band] = 0;
          y2[band] = 0;
        }
      }
    }

    /** Filters a sample and adds its power in each band. */
    void add(float sample, float[] power) {
      for (int band = 0; band < BANDS; band++) {
        float y = b0[band] * (sample - x2[band]) - a1[band] * y1[band] - a2[band] * y2[band];
        x2[band] = x1[band];
        x1[band] = sample;
        y2[band] = y1[band];
        y1[band] = y;
        power[band] += y * y;
      }
    }
  }
}
