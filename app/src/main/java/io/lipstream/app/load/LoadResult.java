package io.lipstream.app.load;

import java.util.List;

/**
 * How a server held a load.
 *
 * @param held sessions that were watched; the others were refused or never showed a picture
 * @param refused sessions that the server had no room for
 * @param speakers that spoke at the same time, in the mean
 * @param framesPerSecond of all sessions in each two seconds
 * @param firstPictureMillis from before a viewer's offer to its first picture
 * @param answerMillis from a request to speak to its first sound at the viewer
 * @param latencyMillis of pictures at the viewer, the quickest one's subtracted
 * @param skewMillis of pictures against their sound, without its sign
 * @param missingFrames whose moment passed without a picture
 * @param doubledFrames that came twice or too late
 * @param freezes longer than a browser can hide
 * @param strangeSounds packets of sound heard in a session that had nothing to say
 * @param counted by the server itself, of all sessions
 * @param serverCores processor time of the server for each second
 * @param toolCores that of this process, watching
 * @param machineBusy share of the machine's processors that was in use by anybody
 * @param serverBytes memory of the server at the end
 * @param grownBytes by how much that is more than before the first session
 * @param failures what did not work, in words
 */
public record LoadResult(
    LoadPlan plan,
    int held,
    int refused,
    double speakers,
    Spread framesPerSecond,
    Spread firstPictureMillis,
    Spread answerMillis,
    Spread latencyMillis,
    Spread skewMillis,
    long pictures,
    long missingFrames,
    long doubledFrames,
    long freezes,
    long strangeSounds,
    long packetsLost,
    ServerCalls.Counted counted,
    double serverCores,
    double toolCores,
    double machineBusy,
    double serverBytes,
    double grownBytes,
    List<Sample> samples,
    List<String> failures) {

  /** Two seconds of the measurement. */
  public record Sample(
      double atSeconds,
      int speakers,
      double fpsLeast,
      double fpsMedian,
      double serverCores,
      double toolCores) {}

  public LoadResult {
    samples = List.copyOf(samples);
    failures = List.copyOf(failures);
  }

  /** Share of mouths that were not there in time, so that the pose was held. */
  public double lateMouthShare() {
    long all = counted.mouthsDrawn() + counted.mouthsLate();
    return all == 0 ? 0 : (double) counted.mouthsLate() / all;
  }

  public double underrunsPerSession() {
    return held == 0 ? 0 : (double) counted.underruns() / held;
  }

  /** Whether every session was there and spoke when it was told to. */
  public boolean complete() {
    return held == plan.sessions() && failures.isEmpty();
  }
}
