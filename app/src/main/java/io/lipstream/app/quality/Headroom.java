package io.lipstream.app.quality;

import java.util.Locale;
import java.util.Optional;

/**
 * Whether a server has room for one session or one speaker more, from what those it has were
 * measured to take.
 *
 * <p>What a speaker takes is the process's processor time divided by those who speak, everything
 * included, over about ten seconds; until sessions have spoken for five, a value is assumed. Time
 * in which nobody speaks says nothing: loading an avatar takes all cores for a while and is no
 * reason to refuse anybody. Nobody knows when silent sessions will speak, so they count with the
 * share of time in which sessions were seen to speak lately. A part of the machine is held back,
 * because what comes together by chance comes on top.
 *
 * <p>Thread-safe.
 */
public final class Headroom {
  private static final double ASSUMED_SPEAKER_CORES = 0.3;
  private static final double ASSUMED_SPEAKING_SHARE = 0.2;
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double MEASURED_SPEAKER_SECONDS = 5;

  /** Time constants, in seconds, of the averages of a speaker's cost and of the share. */
  private static final double SPEAKER_SECONDS = 10;

  private static final double SHARE_SECONDS = 30;

  private final double cores;
  private final double usableCores;

  // Guarded by this.
  private boolean begun;
  private long lastNanos;
  private long lastCpuNanos;
  private double spokenSeconds;
  private double speakerCores = ASSUMED_SPEAKER_CORES;
  private double speakingShare = ASSUMED_SPEAKING_SHARE;
  private int sessions;
  private int speakers;

  /**
   * Nothing measured yet.
   *
   * @param cores of the machine
   * @param percent of it that is held back; 0 admits everybody
   */
  public Headroom(int cores, int percent) {
    this.cores = cores;
    usableCores = percent == 0 ? Double.POSITIVE_INFINITY : cores * (100 - percent) / 100.0;
  }

  /**
   * Takes in what holds now; called some times a second.
   *
   * @param cpuNanos processor time that the process spent on sessions since any beginning
   */
  public synchronized void observe(long nowNanos, long cpuNanos, int nowSessions, int nowSpeakers) {
    double seconds = (nowNanos - lastNanos) / NANOS_PER_SECOND;
    if (begun && seconds > 0) {
      double used = Math.max(0, cpuNanos - lastCpuNanos) / NANOS_PER_SECOND / seconds;
      if (speakers > 0) {
        spokenSeconds += speakers * seconds;
        if (spokenSeconds >= MEASURED_SPEAKER_SECONDS) {
          speakerCores +=
              part(seconds, SPEAKER_SECONDS) * (Math.min(used, cores) / speakers - speakerCores);
        }
      }
      if (sessions > 0) {
        double share = (double) Math.min(speakers, sessions) / sessions;
        speakingShare += part(seconds, SHARE_SECONDS) * (share - speakingShare);
      }
    }
    begun = true;
    lastNanos = nowNanos;
    lastCpuNanos = cpuNanos;
    sessions = nowSessions;
    speakers = nowSpeakers;
  }

  private static double part(double seconds, double constant) {
    return 1 - Math.exp(-seconds / constant);
  }

  /** What one who speaks takes, in cores. */
  public synchronized double speakerCores() {
    return speakerCores;
  }

  /** Whether one more can speak without taking from those who do; the first always can. */
  public synchronized boolean canSpeak() {
    return speakers == 0 || (speakers + 1) * speakerCores <= usableCores;
  }

  /**
   * Why there is no room for one session more.
   *
   * @param present sessions, which may be more than were observed last
   */
  public synchronized Optional<String> refusal(int present) {
    if (present == 0) {
      return Optional.empty();
    }
    double expected = (present + 1) * speakingShare * speakerCores;
    double wanted = Math.max((speakers + 1) * speakerCores, expected);
    if (wanted <= usableCores) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "%.2f of %.0f cores would be needed and %.2f may be used: a speaker takes %.2f",
            wanted,
            cores,
            usableCores,
            speakerCores));
  }
}
