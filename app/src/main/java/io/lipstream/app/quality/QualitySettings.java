package io.lipstream.app.quality;

import java.time.Duration;
import java.util.List;

/**
 * How a server degrades, and from when on it refuses.
 *
 * @param levels from the best to the last resort
 * @param lateShare of mouths, beyond which a level less is tried, 0 to 1
 * @param stepBack how long nothing may have been late before a better level is tried
 * @param headroomPercent of the machine that is held back from new sessions; 0 admits everybody
 */
public record QualitySettings(
    List<QualityLevel> levels, double lateShare, Duration stepBack, int headroomPercent) {
  public static final QualitySettings DEFAULT =
      new QualitySettings(
          List.of(
              new QualityLevel(10, 10, 85, 100, 1),
              new QualityLevel(15, 15, 75, 80, 1),
              new QualityLevel(10_000, 25, 70, 60, 1),
              new QualityLevel(10_000, 25, 70, 40, 2)),
          0.05,
          Duration.ofMillis(400),
          20);

  /** Always the same, and everybody is admitted. */
  public static final QualitySettings CONSTANT =
      new QualitySettings(
          List.of(new QualityLevel(10_000, 1024, 85, 100, 1)), 1, Duration.ofMillis(400), 0);

  public QualitySettings {
    levels = List.copyOf(levels);
    if (levels.isEmpty()) {
      throw new IllegalArgumentException("no levels of quality");
    }
    if (!(lateShare > 0 && lateShare <= 1)) {
      throw new IllegalArgumentException("lateShare must be above 0 and at most 1: " + lateShare);
    }
    if (stepBack.isNegative() || stepBack.isZero()) {
      throw new IllegalArgumentException("stepBack must be positive: " + stepBack);
    }
    if (headroomPercent < 0 || headroomPercent > 90) {
      throw new IllegalArgumentException("headroomPercent must be 0 to 90: " + headroomPercent);
    }
  }
}
