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
  private boolean patient;
  private boolean closed;

  /** Whether the viewer has had a keyframe of the feed. */
  private boolean begun;

  /** Whether the last picture was one of a recording, not the encoder's last. */
  private boolean repeated;

  private long lastPtsNanos = Long.MIN_VALUE;

  /** The last moment of the feed so far, once it is known. */
  private long handOverPtsNanos = Long.MAX_VALUE;

  private long lastKeyFramePtsNanos;
  private volatile boolean keyFrameWanted;
  private volatile int wishedBps = Integer.MAX_VALUE;

  /** What a feed's next picture must be for this seat. */
  enum Wants {
    NOTHING,
    /** The next one of the recording whose pictures it gets. */
    REPEATED,
    /** The encoder's next one. */
    ENCODED,
    KEYFRAME
  }

  Seat(Viewer viewer) {
    this.viewer = viewer;
  }

  Viewer viewer() {
    return viewer;
  }

  /**
   * Goes over to another feed with its next keyframe, which is made for it; until then the feed so
   * far goes on. The last call counts.
   *
   * @throws IllegalArgumentException if the other feed is of another codec
   */
  public synchronized void moveTo(VideoFeed other) {
    aimAt(other, false);
  }

  /**
   * Like {@link #moveTo}, but where the other feed repeats a loop it is left in peace: this goes
   * over where the loop has a keyframe anyway, and the feed so far must go on for some seconds.
   */
  public synchronized void returnTo(VideoFeed other) {
    aimAt(other, true);
  }

  private void aimAt(VideoFeed other, boolean isPatient) {
    if (closed || other == next) {
      return;
    }
    if (next != null) {
      next.leave(this);
      next = null;
      handOverPtsNanos = Long.MAX_VALUE;
    }
    if (other != feed) {
      other.enter(this);
      next = other;
      patient = isPatient;
    }
  }

  /** The viewer cannot decode until a keyframe comes. */
  public void keyFrameWanted() {
    keyFrameWanted = true;
  }

  /** What the viewer's connection carries; a feed follows the smallest of its viewers'. */
  public void bitrate(int bitsPerSecond) {
    wishedBps = bitsPerSecond;
  }

  int wishedBps() {
    return wishedBps;
  }

  /**
   * A feed whose next picture is a keyframe takes over with it; whichever of the two feeds comes
   * first then, the one so far shows nothing any more.
   *
   * @param ptsNanos later pictures are the asking feed's
   */
  synchronized void handOver(VideoFeed asking, long ptsNanos) {
    if (next == asking) {
      handOverPtsNanos = ptsNanos;
    }
  }

  /**
   * Called before a feed encodes the picture of this moment.
   *
   * @param keyFrameAllowed whether it can be a keyframe, with which the feed may take over
   * @param hasPlaces whether the patient are to wait for a better place
   */
  synchronized Wants prepare(
      VideoFeed asking, long ptsNanos, boolean keyFrameAllowed, boolean hasPlaces) {
    boolean waits = patient && hasPlaces && feed != null && !feed.isClosed();
    boolean mayTakeOver = ptsNanos > handOverPtsNanos || (keyFrameAllowed && !waits);
    if (next == asking && mayTakeOver) {
      if (feed != null) {
        feed.leave(this);
      }
      feed = asking;
      next = null;
      handOverPtsNanos = Long.MAX_VALUE;
      begun = false;
    }
    // The feed before may have shown this moment already: then the next picture is the first.
    if (feed != asking || ptsNanos <= lastPtsNanos || ptsNanos > handOverPtsNanos) {
      return Wants.NOTHING;
    }
    boolean wished =
        keyFrameWanted
            && keyFrameAllowed
            && ptsNanos - lastKeyFramePtsNanos >= VideoFeed.KEYFRAME_FLOOR_NANOS;
    if (!begun || wished) {
      return Wants.KEYFRAME;
    }
    return repeated ? Wants.REPEATED : Wants.ENCODED;
  }

  /**
   * Called with each picture that the feed has for this seat.
   *
   * @param isRepeated whether it comes from a recording
   */
  synchronized void show(VideoFeed from, EncodedPicture picture, boolean isRepeated) {
    long ptsNanos = picture.ptsNanos();
    boolean due = ptsNanos > lastPtsNanos && ptsNanos <= handOverPtsNanos;
    if (feed != from || !due || !(begun || picture.keyFrame())) {
      return;
    }
    begun = true;
    repeated = isRepeated;
    lastPtsNanos = ptsNanos;
    if (picture.keyFrame()) {
      lastKeyFramePtsNanos = ptsNanos;
      keyFrameWanted = false;
    }
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
