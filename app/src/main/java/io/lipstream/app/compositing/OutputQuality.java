package io.lipstream.app.compositing;

import io.lipstream.app.quality.QualityLadder;
import io.lipstream.app.quality.QualityLevel;
import io.lipstream.app.quality.QualitySettings;
import io.lipstream.inference.engine.Engine;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How well pictures are written, by how many streams speak and how many mouths come late: the more,
 * the larger the engine's batches and the smaller the pictures of those who named no quality or
 * bitrate.
 *
 * <p>Observed by one thread, asked by any.
 */
final class OutputQuality {
  private static final Logger LOG = LoggerFactory.getLogger(OutputQuality.class);

  private final QualityLadder ladder;
  private final Engine engine;
  private final int best;
  private volatile int still;
  private volatile int bitratePercent;
  private long drawnBefore;
  private long lateBefore;

  /**
   * Begins with the first level.
   *
   * @param best quality of JPEG; no level exceeds it
   */
  OutputQuality(QualitySettings settings, Engine engine, int best) {
    this.engine = engine;
    this.best = best;
    ladder =
        new QualityLadder(settings.levels(), settings.lateShare(), settings.stepBack().toNanos());
    set(ladder.level());
  }

  private void set(QualityLevel level) {
    // The first level is what was configured, whatever that is.
    still = ladder.index() == 0 ? best : Math.min(best, level.stillQuality());
    bitratePercent = level.bitratePercent();
    engine.limitBatch(level.batchFrames());
  }

  /**
   * Takes in what happened since the last call; called some times a second.
   *
   * @param drawn mouths that were shown in time, since the server began
   * @param late mouths that were not
   */
  void observe(long nowNanos, int speakers, long drawn, long late) {
    int before = ladder.index();
    boolean changed = ladder.observe(nowNanos, speakers, drawn - drawnBefore, late - lateBefore);
    drawnBefore = drawn;
    lateBefore = late;
    if (changed) {
      set(ladder.level());
      LOG.info(
          "quality level {} after {}: {} streams speak; JPEG {}, {} % of the bitrate, batches of {}",
          ladder.index() + 1,
          before + 1,
          speakers,
          still,
          bitratePercent,
          ladder.level().batchFrames());
    }
  }

  /** The quality of JPEG for those who named none. */
  int still() {
    return still;
  }

  /** What is left of a bitrate, for those who named none. */
  int bitrateBps(int bestKbps) {
    return bestKbps * 10 * bitratePercent;
  }

  /** 100 is the best. */
  double score() {
    return ladder.level().score();
  }
}
