package io.lipstream.app.config;

import io.lipstream.media.audio.LookAhead;
import io.lipstream.streaming.rtp.PlayoutSettings;

/**
 * Live sound from outside that an avatar speaks.
 *
 * @param targetMs what is kept waiting while packets come evenly
 * @param startMs what must wait for the first sound to be played
 * @param playFromMs what is enough when nothing more comes
 * @param ceilingMs more than this is not kept waiting
 * @param refillPercent of the target that must wait again after nothing was left
 * @param lookAheadMs sound that is heard before its mouth is drawn
 */
public record LiveAudioConfig(
    int targetMs, int startMs, int playFromMs, int ceilingMs, int refillPercent, int lookAheadMs) {
  static final LiveAudioConfig DEFAULT =
      new LiveAudioConfig(160, 128, 40, 240, 30, LookAhead.EXACT_MILLIS);

  public LiveAudioConfig {
    Check.range("live_audio.target_ms", targetMs, 20, 2_000);
    Check.range("live_audio.ceiling_ms", ceilingMs, targetMs + 20, 4_000);
    Check.range("live_audio.start_ms", startMs, 20, targetMs);
    Check.range("live_audio.play_from_ms", playFromMs, 20, startMs);
    Check.range("live_audio.refill_percent", refillPercent, 10, 100);
    Check.range(
        "live_audio.look_ahead_ms", lookAheadMs, LookAhead.LEAST_MILLIS, LookAhead.EXACT_MILLIS);
  }

  /** What it means for a session. */
  public PlayoutSettings playout() {
    return new PlayoutSettings(targetMs, startMs, playFromMs, ceilingMs, refillPercent);
  }
}
