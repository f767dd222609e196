package io.lipstream.streaming.rtp;

/**
 * How much of a live sound waits before it is played.
 *
 * @param targetMillis what is kept waiting while packets come evenly; more while they do not
 * @param startMillis what must wait for the first sound to be played
 * @param playFromMillis what is enough to play, the first time, when nothing more comes
 * @param ceilingMillis more than this is not kept waiting: the oldest is left out
 * @param refillPercent of the target: what must wait again after nothing was left
 */
public record PlayoutSettings(
    int targetMillis, int startMillis, int playFromMillis, int ceilingMillis, int refillPercent) {
  public static final PlayoutSettings DEFAULT = new PlayoutSettings(160, 128, 40, 240, 30);

  public PlayoutSettings {
    if (playFromMillis < 20
        || playFromMillis > startMillis
        || startMillis > targetMillis
        || targetMillis + 20 > ceilingMillis) {
      throw new IllegalArgumentException(
          "20 <= play from <= start <= target <= ceiling - 20 ms must hold, not "
              + playFromMillis
              + ", "
              + startMillis
              + ", "
              + targetMillis
              + ", "
              + ceilingMillis);
    }
    if (refillPercent < 10 || refillPercent > 100) {
      throw new IllegalArgumentException("refill must be 10 to 100 %, not " + refillPercent);
    }
  }
}
