package io.lipstream.streaming.live;

import org.jspecify.annotations.Nullable;

/**
 * A viewer's place at a feed: who serves it now, and who will from its next keyframe on.
 *
 * <p>However often it moves, the moments of the pictures that the viewer gets only increase, and
 * after each change of feeds the first of them is a keyframe. Thread-safe; pictures are shown under
 * the seat's lock, so that two feeds never talk to a viewer at once.
 */
public final class Seat implements AutoCloseable {
  private final Viewer viewer;
  private @Nullable VideoFeed feed;
  private @Nullable VideoFeed next;
  private boolean closed;

  /** Whether the viewer has had a keyframe of the feed. */
  private boolean begun;

  private long lastPtsNanos = Long.MIN_VALUE;
  private volatile int wishedBps = Integer.MAX_VALUE;

  /** What a feed's next picture must be for this seat. */
  enum Wants {
    NOTHING,
    PICTURE,
    KEYFRAME
  }

  Seat(Viewer viewer) {
    this.viewer = viewer;
  }

  Viewer viewer() {
    return viewer;
  }

  /**
   * Goes over to another feed with its next keyframe; until then the feed so far goes on. The last
   * call counts.
   *
   * @throws IllegalArgumentException if the other feed is of another codec
   */
  public synchronized void moveTo(VideoFeed other) {
    if (closed || other == next) {
      return;
    }
    if (next != null) {
      next.leave(this);
      next = null;
    }
    if (other != feed) {
      other.enter(this);
      next = other;
    }
  }

  /** The viewer cannot decode until a keyframe comes. */
  public synchronized void keyFrameWanted() {
    if (feed != null) {
      feed.wantKeyFrame();
    }
  }

  /** What the viewer's connection carries; a feed follows the smallest of its viewers'. */
  public void bitrate(int bitsPerSecond) {
    wishedBps = bitsPerSecond;
  }

  int wishedBps() {
    return wishedBps;
  }

  /**
   * Called before a feed encodes the picture of this moment.
   *
   * @param keyFrameAllowed whether it can be a keyframe, with which the feed may take over
   */
  synchronized Wants prepare(VideoFeed asking, long ptsNanos, boolean keyFrameAllowed) {
    if (next == asking && keyFrameAllowed) {
      if (feed != null) {
        feed.leave(this);
      }
      feed = asking;
      next = null;
      begun = false;
    }
    // The feed before may have shown this moment already: then the next picture is the first.
    if (feed != asking || ptsNanos <= lastPtsNanos) {
      return Wants.NOTHING;
    }
    return begun ? Wants.PICTURE : Wants.KEYFRAME;
  }

  /** Called with each picture that the feed encoded. */
  synchronized void show(VideoFeed from, EncodedPicture picture) {
    if (feed != from || picture.ptsNanos() <= lastPtsNanos || !(begun || picture.keyFrame())) {
      return;
    }
    begun = true;
    lastPtsNanos = picture.ptsNanos();
    viewer.video(picture);
  }

  /** Leaves; the viewer itself stays open. */
  @Override
  public synchronized void close() {
    closed = true;
    if (feed != null) {
      feed.leave(this);
      feed = null;
    }
    if (next != null) {
      next.leave(this);
      next = null;
    }
  }
}
