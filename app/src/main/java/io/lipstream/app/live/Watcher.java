package io.lipstream.app.live;

import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.Seat;
import io.lipstream.streaming.live.VideoFeed;
import io.lipstream.streaming.live.Viewer;
import io.lipstream.streaming.live.ViewerEvents;
import io.lipstream.streaming.live.ViewerStatistics;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One who watches a session: their connection, their seat at a feed, their microphone. */
final class Watcher implements ViewerEvents {
  private static final Logger LOG = LoggerFactory.getLogger(Watcher.class);

  /** What a session does for those who watch it. */
  interface Host {

    /** Media can flow; called by a connection's thread. */
    void connected(Watcher watcher);

    /** An ear for a microphone that begins to be heard. */
    Ear listen(Watcher watcher);

    void left(Watcher watcher, String reason);
  }

  private final Host host;
  private final long comeNanos;

  // Guarded by this.
  private @Nullable Viewer viewer;
  private boolean connected;
  private boolean gone;
  private long droppedTold;

  private volatile @Nullable Seat seat;
  private volatile @Nullable Ear ear;

  /**
   * One who begins to connect.
   *
   * @param comeNanos when
   */
  Watcher(Host host, long comeNanos) {
    this.host = host;
    this.comeNanos = comeNanos;
  }

  /** The connection is there; its events may have come before. */
  void opened(Viewer opened) {
    boolean ready;
    synchronized (this) {
      viewer = opened;
      ready = connected && !gone;
    }
    if (ready) {
      host.connected(this);
    }
  }

  boolean isOf(Viewer other) {
    return other.equals(viewer());
  }

  private synchronized @Nullable Viewer viewer() {
    return viewer;
  }

  long comeNanos() {
    return comeNanos;
  }

  /** Pictures that its connection had no room for, since the last call. */
  synchronized long takeDropped() {
    long before = droppedTold;
    if (viewer != null) {
      droppedTold = viewer.statistics().picturesDropped();
    }
    return droppedTold - before;
  }

  /** What its pictures are encoded in; null before it is opened. */
  @Nullable LiveVideoCodec codec() {
    Viewer known = viewer();
    return known == null ? null : known.codec();
  }

  /** Seats it at a feed, from whose next keyframe on it is shown pictures. */
  synchronized void sit(VideoFeed feed) {
    if (viewer != null && seat == null && !gone) {
      seat = feed.add(viewer);
    }
  }

  /** Goes over to another feed of its codec, if it is seated at all. */
  void moveTo(VideoFeed feed) {
    Seat now = seat;
    if (now != null) {
      now.moveTo(feed);
    }
  }

  /** Goes back to a loop of its codec at a place that disturbs nobody. */
  void returnTo(VideoFeed loop) {
    Seat now = seat;
    if (now != null) {
      now.returnTo(loop);
    }
  }

  boolean isSeated() {
    return seat != null;
  }

  void audio(EncodedSound sound) {
    Viewer known = viewer();
    if (known == null || seat == null) {
      return;
    }
    try {
      known.audio(sound);
    } catch (RuntimeException e) {
      LOG.warn("a viewer who cannot be sent sound is closed", e);
      close();
    }
  }

  /** Tells the microphone's ear what the avatar says, so that it knows the echo. */
  void avatarSaid(float[] mono48k, long ptsNanos) {
    Ear open = ear;
    if (open != null) {
      open.avatarSaid(mono48k, ptsNanos);
    }
  }

  void endTurn() {
    Ear open = ear;
    if (open != null) {
      open.endTurn();
    }
  }

  @Nullable ViewerStatistics statistics() {
    Viewer known = viewer();
    return known == null ? null : known.statistics();
  }

  @Override
  public void connected() {
    boolean ready;
    synchronized (this) {
      connected = true;
      ready = viewer != null && !gone;
    }
    if (ready) {
      host.connected(this);
    }
  }

  @Override
  public void keyFrameWanted() {
    Seat now = seat;
    if (now != null) {
      now.keyFrameWanted();
    }
  }

  @Override
  public void bitrate(int bitsPerSecond) {
    Seat now = seat;
    if (now != null) {
      now.bitrate(bitsPerSecond);
    }
  }

  @Override
  public void microphone(float[] mono48k, int count) {
    Ear open = ear;
    if (open == null) {
      synchronized (this) {
        if (gone) {
          return;
        }
        open = host.listen(this);
        ear = open;
      }
    }
    open.hear(mono48k, count);
  }

  @Override
  public void closed(String reason) {
    leave(reason);
  }

  /** Ends the connection. */
  void close() {
    leave("the session closed the connection");
    Viewer known = viewer();
    if (known != null) {
      known.close();
    }
  }

  private void leave(String reason) {
    synchronized (this) {
      if (gone) {
        return;
      }
      gone = true;
    }
    Seat now = seat;
    if (now != null) {
      now.close();
    }
    Ear open = ear;
    if (open != null) {
      open.close();
    }
    host.left(this, reason);
  }
}
