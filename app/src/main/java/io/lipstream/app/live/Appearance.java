package io.lipstream.app.live;

import org.jspecify.annotations.Nullable;

/**
 * What a session shows at each tick: the idle loop of a stage, or a clip of it. Immutable.
 *
 * @param clip what is shown in place of the loop for a while; null for the loop alone
 */
record Appearance(Stage stage, @Nullable ClipRun clip) {

  /** The frame of the stage that is shown, whether the avatar speaks or not. */
  int frameIndex(long tick) {
    return clip != null && clip.covers(tick) ? clip.frameIndex(tick) : stage.frameIndex(tick);
  }

  /** Whether it differs from the loop that all sessions of the stage share. */
  boolean isOwn(long tick) {
    return clip != null && clip.covers(tick);
  }
}
