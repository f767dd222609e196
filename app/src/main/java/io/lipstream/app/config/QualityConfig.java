package io.lipstream.app.config;

import io.lipstream.app.quality.QualityLevel;
import io.lipstream.app.quality.QualitySettings;
import java.time.Duration;
import java.util.List;

/**
 * What is done when many speak; of {@code lipstream serve} under {@code live}.
 *
 * @param levels from the best to the last resort, for more and more speakers
 * @param latePercent of mouths, beyond which a level less is tried
 * @param stepBackMs how long nothing may have been late before a better level is tried
 * @param headroomPercent of the machine that is held back from new sessions
 */
public record QualityConfig(
    List<Level> levels, double latePercent, int stepBackMs, int headroomPercent) {

  /**
   * One level.
   *
   * @param speakers up to how many it is meant for
   * @param batchFrames the most frames of one call of the engine
   * @param stillQuality of JPEG pictures
   * @param bitratePercent of what a viewer's connection would carry
   * @param pictureInterval 2 shows every second picture
   */
  public record Level(
      int speakers, int batchFrames, int stillQuality, int bitratePercent, int pictureInterval) {
    public Level {
      Check.range("speakers", speakers, 1, 100_000);
      Check.range("batch_frames", batchFrames, 1, 1024);
      Check.range("still_quality", stillQuality, 1, 100);
      Check.range("bitrate_percent", bitratePercent, 10, 100);
      Check.range("picture_interval", pictureInterval, 1, 5);
    }

    private Level withEveryPicture() {
      return new Level(speakers, batchFrames, stillQuality, bitratePercent, 1);
    }
  }

  static final QualityConfig DEFAULT = of(QualitySettings.DEFAULT);

  /** Of a server whose streams show every picture and are refused by their number alone. */
  static final QualityConfig COMPOSITING =
      new QualityConfig(
          DEFAULT.levels().stream().map(Level::withEveryPicture).toList(),
          DEFAULT.latePercent(),
          DEFAULT.stepBackMs(),
          0);

  public QualityConfig {
    levels = levels == null ? List.of() : List.copyOf(levels);
    Check.that(!levels.isEmpty(), "levels", "must have at least one level");
    for (int i = 1; i < levels.size(); i++) {
      Check.that(
          levels.get(i).speakers() >= levels.get(i - 1).speakers(),
          "levels",
          "must be for more and more speakers, not for "
              + (levels.get(i).speakers() + " after " + levels.get(i - 1).speakers()));
    }
    Check.range("late_percent", latePercent, 0.1, 100);
    Check.range("step_back_ms", stepBackMs, 100, 60_000);
    Check.range("headroom_percent", headroomPercent, 0, 90);
  }

  private static QualityConfig of(QualitySettings settings) {
    return new QualityConfig(
        settings.levels().stream()
            .map(
                level ->
                    new Level(
                        level.mostSpeakers(),
                        level.batchFrames(),
                        level.stillQuality(),
                        level.bitratePercent(),
                        level.pictureInterval()))
            .toList(),
        100 * settings.lateShare(),
        (int) settings.stepBack().toMillis(),
        settings.headroomPercent());
  }

  /** The same, as sessions and streams take it. */
  public QualitySettings settings() {
    return new QualitySettings(
        levels.stream()
            .map(
                level ->
                    new QualityLevel(
                        level.speakers(),
                        level.batchFrames(),
                        level.stillQuality(),
                        level.bitratePercent(),
                        level.pictureInterval()))
            .toList(),
        latePercent / 100,
        Duration.ofMillis(stepBackMs),
        headroomPercent);
  }
}
