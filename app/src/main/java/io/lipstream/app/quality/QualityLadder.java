package io.lipstream.app.quality;

import java.util.List;

/**
 * Which level of quality holds, from how many speak and how many mouths came late.
 *
 * <p>It goes down at once: as far as the number of speakers says, and one level more whenever so
 * many mouths of a window came late. It comes back a level at a time, each after a while in which
 * nothing was late, and only when one speaker more would still be served by the better level, so
 * that a number that goes up and down by one does not take the quality with it. When going back
 * soon brings lateness again, the next attempt waits twice as long.
 *
 * <p>Owned by one thread; {@link #level} may be read by any.
 */
public final class QualityLadder {
  private static final long WINDOW_NANOS = 400_000_000;

  /** Fewer mouths than this tell nothing. */
  private static final int TELLING_MOUTHS = 10;

  /** So long it is waited for as many. */
  private static final long LONGEST_WINDOW_NANOS = 3 * WINDOW_NANOS;

  private static final int MOST_DOUBLINGS = 4;

  /** Lateness within this time after going back was brought about by it. */
  private static final long RELAPSE_NANOS = 5_000_000_000L;

  private final List<QualityLevel> levels;
  private final double lateShare;
  private final long stepBackNanos;

  private volatile int index;
  private boolean begun;
  private long windowStartNanos;
  private long mouths;
  private long late;
  private long calmSinceNanos;
  private long wentBackNanos;
  private boolean wentBack;
  private int doublings;
  private int relapseSpeakers;

  /**
   * Begins with the first level.
   *
   * @param levels from the best to the last resort, at least one, for more and more speakers
   * @param lateShare of mouths, beyond which a level less is tried, 0 to 1
   * @param stepBackNanos how long nothing may have been late before a better level is tried
   */
  public QualityLadder(List<QualityLevel> levels, double lateShare, long stepBackNanos) {
    if (levels.isEmpty()) {
      throw new IllegalArgumentException("no levels of quality");
    }
    this.levels = List.copyOf(levels);
    this.lateShare = lateShare;
    this.stepBackNanos = stepBackNanos;
  }

  /** The level that holds. */
  public QualityLevel level() {
    return levels.get(index);
  }

  /** Its place, 0 for the best. */
  public int index() {
    return index;
  }

  /** The level so many places away, or the first or last. */
  public QualityLevel level(int worse) {
    return levels.get(Math.clamp((long) index + worse, 0, levels.size() - 1));
  }

  /**
   * Takes in what happened since the last call; called some times a second.
   *
   * @param drawn mouths that were there in time
   * @param tooLate mouths that were not
   * @return whether the level changed
   */
  public boolean observe(long nowNanos, int speakers, long drawn, long tooLate) {
    if (!begun) {
      begun = true;
      windowStartNanos = nowNanos;
      calmSinceNanos = nowNanos;
    }
    mouths += drawn + tooLate;
    late += tooLate;
    int before = index;
    boolean suffering = false;
    long windowNanos = nowNanos - windowStartNanos;
    if (windowNanos >= LONGEST_WINDOW_NANOS
        || (windowNanos >= WINDOW_NANOS && mouths >= TELLING_MOUTHS)) {
      suffering = mouths >= TELLING_MOUTHS && late > lateShare * mouths;
      windowStartNanos = nowNanos;
      mouths = 0;
      late = 0;
    }
    if (tooLate > lateShare * (drawn + tooLate)) {
      calmSinceNanos = nowNanos;
    }
    if (suffering) {
      calmSinceNanos = nowNanos;
      noteRelapse(nowNanos, speakers);
      index = Math.min(levels.size() - 1, index + 1);
    }
    if (needed(speakers) > index) {
      index = needed(speakers);
      calmSinceNanos = nowNanos;
    }
    if (index == before && mayGoBack(nowNanos, speakers)) {
      index = before - 1;
      calmSinceNanos = nowNanos;
      wentBackNanos = nowNanos;
      wentBack = true;
    }
    return index != before;
  }

  private void noteRelapse(long nowNanos, int speakers) {
    if (wentBack && nowNanos - wentBackNanos < RELAPSE_NANOS) {
      relapseSpeakers = speakers;
      doublings = Math.min(MOST_DOUBLINGS, doublings + 1);
    }
    wentBack = false;
  }

  private boolean mayGoBack(long nowNanos, int speakers) {
    boolean heldLong = wentBack && nowNanos - wentBackNanos >= 2 * RELAPSE_NANOS;
    // What failed among many says nothing once most of them are silent.
    if (heldLong || speakers <= relapseSpeakers / 2) {
      doublings = 0;
      relapseSpeakers = 0;
    }
    return index > needed(speakers + 1) && nowNanos - calmSinceNanos >= stepBackNanos << doublings;
  }

  /** The best level that is meant for so many. */
  private int needed(int speakers) {
    int needed = 0;
    while (needed < levels.size() - 1 && levels.get(needed).mostSpeakers() < speakers) {
      needed++;
    }
    return needed;
  }
}
