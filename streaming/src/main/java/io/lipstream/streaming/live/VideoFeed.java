package io.lipstream.streaming.live;

import io.lipstream.media.picture.I420Frame;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pictures encoded once for many viewers: an avatar's idle loop, or one session's speech.
 *
 * <p>Viewers sit on {@link Seat}s, and change from feed to feed with {@link Seat#moveTo}. Such a
 * change is the feed's that the viewer goes to: with a picture that it encodes as a keyframe it
 * takes the seat over, before it encodes, so that the other feed sends nothing of that moment or
 * later. Until then the other goes on. A keyframe is made for those who wait, but never within
 * {@link #KEYFRAME_FLOOR_NANOS} of the last one.
 *
 * <p>Without viewers nothing is encoded. {@link #picture} is called by one thread at a time;
 * everything else by any thread. Locks are taken in this order: a feed's own, a seat's, a feed's
 * list of seats.
 */
public final class VideoFeed implements AutoCloseable {
  /** Viewers that lose packets ask for keyframes often; more would crowd out the pictures. */
  public static final long KEYFRAME_FLOOR_NANOS = 500_000_000;

  private static final Logger LOG = LoggerFactory.getLogger(VideoFeed.class);

  private final LiveVideoCodec codec;
  private final BitrateRange bitrates;
  private final VideoEncoder encoder;

  private final Object seatsLock = new Object();

  /** Replaced as a whole, so that it can be walked through without a lock or an object. */
  private volatile Seat[] seats = {};

  private volatile boolean keyFrameWanted;
  private boolean closed;
  private boolean begun;
  private long lastPtsNanos;
  private long lastKeyFramePtsNanos;
  private long pictures;
  private long keyFrames;
  private long bytes;
  private long encodeNanos;
  private long latePictures;

  /**
   * Opens a feed and its encoder.
   *
   * @throws io.lipstream.media.LipstreamException if this machine cannot encode that
   */
  public static VideoFeed open(
      LiveVideoCodec codec, int widthPx, int heightPx, int framesPerSecond, BitrateRange bitrates) {
    return new VideoFeed(
        codec,
        bitrates,
        VideoEncoder.open(codec, widthPx, heightPx, framesPerSecond, bitrates.startBps()));
  }

  private VideoFeed(LiveVideoCodec codec, BitrateRange bitrates, VideoEncoder encoder) {
    this.codec = codec;
    this.bitrates = bitrates;
    this.encoder = encoder;
  }

  public LiveVideoCodec codec() {
    return codec;
  }

  /** Seats a viewer, who gets pictures from the next keyframe on. */
  public Seat add(Viewer viewer) {
    Seat seat = new Seat(viewer);
    seat.moveTo(this);
    return seat;
  }

  /** How many are served or wait here; a feed without any can be closed unnoticed. */
  public int viewerCount() {
    return seats.length;
  }

  /** Encodes a picture and sends it to those who sit here, if any do. */
  public synchronized void picture(I420Frame picture, long ptsNanos) {
    Seat[] now = seats;
    if (closed || now.length == 0) {
      return;
    }
    if (begun && ptsNanos <= lastPtsNanos) {
      latePictures++;
      return;
    }
    boolean keyFrameAllowed = !begun || ptsNanos - lastKeyFramePtsNanos >= KEYFRAME_FLOOR_NANOS;
    boolean watched = false;
    boolean keyFrame = keyFrameAllowed && keyFrameWanted;
    int wishedBps = Integer.MAX_VALUE;
    for (Seat seat : now) {
      Seat.Wants wants = seat.prepare(this, ptsNanos, keyFrameAllowed);
      if (wants != Seat.Wants.NOTHING) {
        watched = true;
        keyFrame |= wants == Seat.Wants.KEYFRAME;
        wishedBps = Math.min(wishedBps, seat.wishedBps());
      }
    }
    if (watched) {
      follow(wishedBps);
      send(encode(picture, ptsNanos, keyFrame), now);
    }
  }

  private void follow(int wishedBps) {
    int bitsPerSecond =
        wishedBps == Integer.MAX_VALUE ? bitrates.startBps() : bitrates.nearest(wishedBps);
    if (bitsPerSecond != encoder.bitrateBps()) {
      encoder.bitrate(bitsPerSecond);
    }
  }

  private EncodedPicture encode(I420Frame picture, long ptsNanos, boolean keyFrame) {
    if (keyFrame) {
      keyFrameWanted = false; // Before encoding: who asks from now on asks for the next.
    }
    long from = System.nanoTime();
    EncodedPicture encoded = encoder.encode(picture, ptsNanos, keyFrame);
    encodeNanos += System.nanoTime() - from;
    begun = true;
    lastPtsNanos = ptsNanos;
    pictures++;
    bytes += encoded.length();
    if (encoded.keyFrame()) {
      keyFrames++;
      lastKeyFramePtsNanos = ptsNanos;
    }
    return encoded;
  }

  private void send(EncodedPicture encoded, Seat[] to) {
    for (Seat seat : to) {
      if (encoded.keyFrame()) {
        // Also one that the encoder made unasked is good to begin with.
        seat.prepare(this, encoded.ptsNanos(), true);
      }
      try {
        seat.show(this, encoded);
      } catch (RuntimeException e) {
        LOG.warn("a viewer who cannot be sent pictures is closed", e);
        seat.close();
        seat.viewer().close();
      }
    }
  }

  void wantKeyFrame() {
    keyFrameWanted = true;
  }

  void enter(Seat seat) {
    if (seat.viewer().codec() != codec) {
      throw new IllegalArgumentException(
          "a viewer of " + seat.viewer().codec() + " for a feed of " + codec);
    }
    synchronized (seatsLock) {
      Seat[] more = Arrays.copyOf(seats, seats.length + 1);
      more[seats.length] = seat;
      seats = more;
    }
  }

  void leave(Seat seat) {
    synchronized (seatsLock) {
      seats = Arrays.stream(seats).filter(s -> s != seat).toArray(Seat[]::new);
    }
  }

  public synchronized FeedStatistics statistics() {
    return new FeedStatistics(
        seats.length, pictures, keyFrames, bytes, encodeNanos, latePictures, encoder.bitrateBps());
  }

  /** Frees the encoder; who still sits here gets no more pictures until moved elsewhere. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      encoder.close();
    }
  }
}
