package io.lipstream.app.render;

/**
 * What a finished render says of itself.
 *
 * @param frames video frames written
 * @param drawnFrames frames whose mouth the generator drew; the others were silence
 * @param soundSeconds length of the sound
 * @param wallSeconds time from the first sample read to the file closed
 */
public record RenderReport(
    long frames, long drawnFrames, double soundSeconds, double wallSeconds, StageTimes stages) {

  public double framesPerSecond() {
    return frames / wallSeconds;
  }

  /** How many seconds of video a second of work yields. */
  public double timesRealTime() {
    return soundSeconds / wallSeconds;
  }
}
