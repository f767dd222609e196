package io.lipstream.media.avatar;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A gesture or another way to rest: frames in an order of their own, between two of the idle loop.
 *
 * @param frames the first frame, then the turning points, then the last: 10, 14, 10 is shown as 10
 *     11 12 13 14 13 12 11 10
 * @param step so many frames are gone on at a time; 1 if not given
 * @param at the frame of the idle loop that looks like the first and the last of these; null where
 *     they are frames of the loop themselves
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Clip(
    @JsonProperty(required = true) List<Integer> frames,
    @Nullable Integer step,
    @Nullable Integer at) {
  private static final int MAX_STEP = 10;
  private static final int MAX_FRAMES = 10_000;

  public Clip {
    frames = List.copyOf(frames);
    if (frames.isEmpty()) {
      throw new IllegalArgumentException("a clip needs frames, such as [10, 24, 10]");
    }
    if (step != null && (step < 1 || step > MAX_STEP)) {
      throw new IllegalArgumentException(
          "a clip's step must be from 1 to " + MAX_STEP + ", not " + step);
    }
  }

  /** The frame of the idle loop that it begins after. */
  public int entry() {
    return at == null ? frames.getFirst() : at;
  }

  /** The frame of the idle loop that it leads to. */
  public int exit() {
    return at == null ? frames.getLast() : at;
  }

  /** Every frame in the order in which it is shown. */
  public List<Integer> playOrder() {
    int stride = step == null ? 1 : step;
    List<Integer> order = new ArrayList<>();
    int index = frames.getFirst();
    order.add(index);
    for (int turn : frames) {
      while (index != turn && order.size() <= MAX_FRAMES) {
        index = turn > index ? Math.min(turn, index + stride) : Math.max(turn, index - stride);
        order.add(index);
      }
    }
    return order;
  }

  /** Says what is wrong with it in an avatar of so many frames, or nothing. */
  @Nullable String fault(int frameCount, int loopCount) {
    for (int frame : frames) {
      if (frame < 0 || frame >= frameCount) {
        return "names frame " + frame + " of " + frameCount;
      }
    }
    if (entry() < 0 || entry() >= loopCount || exit() < 0 || exit() >= loopCount) {
      return "must begin and end in the idle loop of "
          + loopCount
          + " frames: name the frame that looks like its ends as at";
    }
    return playOrder().size() > MAX_FRAMES ? "is longer than " + MAX_FRAMES + " frames" : null;
  }
}
