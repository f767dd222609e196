package io.lipstream.app.live;

import io.lipstream.streaming.live.ViewerStatistics;
import java.util.List;

/**
 * What a session did since it began.
 *
 * @param picturesShown of its own while speaking; those shared with other sessions are not counted
 * @param mouthsDrawn by the engine
 * @param mouthsLate that were not there in time, so that the pose was held
 * @param soundsMissing stretches of 40 ms in which the voice had not made its sound yet
 * @param firstPictureNanos from the first sound of the last utterance being available to its first
 *     picture; 0 before the first utterance
 * @param soundUnderruns times at which nothing was left of live sound though more was to come
 */
public record SessionStatistics(
    long picturesShown,
    long mouthsDrawn,
    long mouthsLate,
    long soundsMissing,
    long firstPictureNanos,
    long soundUnderruns,
    List<ViewerStatistics> viewers) {

  public SessionStatistics {
    viewers = List.copyOf(viewers);
  }
}
