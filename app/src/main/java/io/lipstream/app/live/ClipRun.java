package io.lipstream.app.live;

import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.Clip;
import io.lipstream.media.avatar.FrameOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A way through an avatar's frames that leaves the idle loop for a clip and comes back to it.
 *
 * <p>The loop is left and joined frame by frame: from the frame that is shown to the one the clip
 * begins after, along the loop; and after the clip, towards the frame that all others show, until
 * they meet. No step of it is wider than one of the loop's or the clip's own. Immutable.
 */
final class ClipRun {
  private final long firstTick;
  private final int[] frames;

  /** When the way back begins. */
  private final long playedTick;

  private ClipRun(long firstTick, List<Integer> frames, long playedTick) {
    this.firstTick = firstTick;
    this.frames = frames.stream().mapToInt(Integer::intValue).toArray();
    this.playedTick = playedTick;
  }

  /**
   * Plans a clip.
   *
   * @param present what is shown so far
   * @param now what is shown from this tick on belongs to the way
   * @param soon the first tick that can still be changed; another clip is played to its end
   * @param times the clip is played in a row
   */
  static ClipRun plan(Appearance present, long now, long soon, Clip clip, int times) {
    AvatarManifest manifest = present.stage().manifest();
    List<Integer> way = new ArrayList<>();
    ClipRun before = present.clip();
    long start = before == null ? soon : Math.max(soon, before.playedTick);
    long first = before == null ? start : Math.min(start, now);
    for (long tick = first; tick < start; tick++) {
      way.add(present.frameIndex(tick));
    }
    int at = present.frameIndex(start - 1);
    while (at != clip.entry()) {
      at = towards(at, clip.entry(), manifest);
      way.add(at);
    }
    List<Integer> order = clip.playOrder();
    for (int i = 0; i < times; i++) {
      // Where it begins with the frame that is shown already, that is not shown twice.
      boolean shown = !way.isEmpty() && way.getLast().equals(order.getFirst());
      way.addAll(shown ? order.subList(1, order.size()) : order);
    }
    if (way.isEmpty() || way.getLast() != clip.exit()) {
      way.add(clip.exit());
    }
    long played = first + way.size();
    at = clip.exit();
    for (long tick = played; !near(at, manifest.idleFrame(tick), manifest); tick++) {
      at = towards(at, manifest.idleFrame(tick), manifest);
      way.add(at);
    }
    return new ClipRun(first, way, played);
  }

  /** One step along the loop; in a cyclic one backwards, where what goes on comes to meet it. */
  private static int towards(int from, int to, AvatarManifest manifest) {
    if (manifest.order() == FrameOrder.CYCLIC) {
      int count = manifest.frames().loopCount();
      return Math.floorMod(from - 1, count);
    }
    return from + Integer.signum(to - from);
  }

  private static boolean near(int one, int other, AvatarManifest manifest) {
    int apart = Math.abs(one - other);
    boolean cyclic = manifest.order() == FrameOrder.CYCLIC;
    return apart <= 1 || (cyclic && apart == manifest.frames().loopCount() - 1);
  }

  boolean covers(long tick) {
    return tick >= firstTick && tick < firstTick + frames.length;
  }

  int frameIndex(long tick) {
    return frames[Math.toIntExact(tick - firstTick)];
  }

  /** From this tick on another clip may begin. */
  long playedTick() {
    return playedTick;
  }
}
