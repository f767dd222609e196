package io.lipstream.streaming.live;

import io.lipstream.media.picture.I420Frame;
import java.util.Arrays;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
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
 * <p>Without viewers nothing is encoded. {@link #picture} and {@link #loop} are called by one
 * thread at a time; everything else by any thread. Locks are taken in this order: a feed's own, a
 * seat's, a feed's list of seats.
 */
public final class VideoFeed implements AutoCloseable {
  /** Viewers that lose packets ask for keyframes often; more would crowd out the pictures. */
  public static final long KEYFRAME_FLOOR_NANOS = 500_000_000;

  private static final long SECOND_NANOS = 1_000_000_000;
  private static final Logger LOG = LoggerFactory.getLogger(VideoFeed.class);

  private final LiveVideoCodec codec;
  private final int framesPerSecond;
  private final BitrateRange bitrates;
  private final VideoEncoder encoder;

  private final Object seatsLock = new Object();

  /** Replaced as a whole, so that it can be walked through without a lock or an object. */
  private volatile Seat[] seats = {};

  private volatile boolean keyFrameWanted;
  private boolean closed;
  private boolean begun;

  /** Whether the last picture sent is the encoder's last, so that its next can build on it. */
  private boolean encoderInStep;

  private @Nullable LoopRecording recording;
  private long lastPtsNanos;
  private long lastKeyFramePtsNanos;
  private long pictures;
  private long keyFrames;
  private long bytes;
  private long encodeNanos;
  private long repeatedPictures;
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
        framesPerSecond,
        bitrates,
        VideoEncoder.open(codec, widthPx, heightPx, framesPerSecond, bitrates.startBps()));
  }

  private VideoFeed(
      LiveVideoCodec codec, int framesPerSecond, BitrateRange bitrates, VideoEncoder encoder) {
    this.codec = codec;
    this.framesPerSecond = framesPerSecond;
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
    Seat.Wants wants = wanted(now, ptsNanos);
    if (wants != Seat.Wants.NOTHING) {
      send(encode(picture, ptsNanos, wants == Seat.Wants.KEYFRAME), now);
    }
  }

  /**
   * Like {@link #picture}, for pictures that come round again and again: what was encoded in one
   * round is sent in all later ones, and only who comes in the middle of one makes work.
   *
   * <p>A round must not miss a picture, or all after it would have to be encoded. A few ticks that
   * were skipped are therefore made up for.
   *
   * @param tick counts the pictures since any beginning
   * @param loopPictures after so many the loop looks the same again
   * @param pictures of a tick, asked only for what must be encoded
   */
  public synchronized void loop(
      long tick, int loopPictures, long ptsNanos, LongFunction<I420Frame> pictures) {
    long first = recording == null ? tick : recording.firstMissing(tick);
    for (long each = first; each <= tick; each++) {
      long frames = tick - each;
      loopOne(each, loopPictures, ptsNanos - frames * SECOND_NANOS / framesPerSecond, pictures);
    }
  }

  private void loopOne(
      long tick, int loopPictures, long ptsNanos, LongFunction<I420Frame> pictures) {
    Seat[] now = seats;
    Seat.Wants wants = wanted(now, ptsNanos);
    if (wants == Seat.Wants.NOTHING) {
      return;
    }
    LoopRecording round = recording(loopPictures);
    boolean keyFrame = wants == Seat.Wants.KEYFRAME;
    EncodedPicture repeated = round.picture(tick, ptsNanos, keyFrame || encoderInStep);
    if (repeated != null) {
      encoderInStep = false;
      repeatedPictures++;
      note(repeated);
      send(repeated, now);
      return;
    }
    EncodedPicture encoded =
        encode(pictures.apply(tick), ptsNanos, keyFrame || round.wantsKeyFrame(tick));
    round.record(tick, encoded);
    send(encoded, now);
  }

  private LoopRecording recording(int loopPictures) {
    LoopRecording known = recording;
    if (known == null || !known.suits(loopPictures, encoder.bitrateBps())) {
      known = new LoopRecording(loopPictures, framesPerSecond, encoder.bitrateBps());
      recording = known;
    }
    return known;
  }

  /** Asks all seats what the picture of this moment must be, and follows their connections. */
  private Seat.Wants wanted(Seat[] now, long ptsNanos) {
    if (closed || now.length == 0) {
      return Seat.Wants.NOTHING;
    }
    if (begun && ptsNanos <= lastPtsNanos) {
      latePictures++;
      return Seat.Wants.NOTHING;
    }
    boolean keyFrameAllowed = !begun || ptsNanos - lastKeyFramePtsNanos >= KEYFRAME_FLOOR_NANOS;
    Seat.Wants most = Seat.Wants.NOTHING;
    int wishedBps = Integer.MAX_VALUE;
    for (Seat seat : now) {
      Seat.Wants wants = seat.prepare(this, ptsNanos, keyFrameAllowed);
      if (wants != Seat.Wants.NOTHING) {
        wishedBps = Math.min(wishedBps, seat.wishedBps());
      }
      most = wants.compareTo(most) > 0 ? wants : most;
    }
    if (most == Seat.Wants.NOTHING) {
      return most;
    }
    follow(wishedBps);
    return keyFrameAllowed && keyFrameWanted ? Seat.Wants.KEYFRAME : most;
  }

  private void follow(int wishedBps) {
    int bitsPerSecond =
        wishedBps == Integer.MAX_VALUE ? bitrates.startBps() : bitrates.nearest(wishedBps);
    if (bitsPerSecond != encoder.bitrateBps()) {
      encoder.bitrate(bitsPerSecond);
    }
  }

  private EncodedPicture encode(I420Frame picture, long ptsNanos, boolean keyFrame) {
    long from = System.nanoTime();
    EncodedPicture encoded = encoder.encode(picture, ptsNanos, keyFrame || !encoderInStep);
    encodeNanos += System.nanoTime() - from;
    encoderInStep = true;
    pictures++;
    bytes += encoded.length();
    keyFrames += encoded.keyFrame() ? 1 : 0;
    note(encoded);
    return encoded;
  }

  private void note(EncodedPicture encoded) {
    begun = true;
    lastPtsNanos = encoded.ptsNanos();
    if (encoded.keyFrame()) {
      lastKeyFramePtsNanos = encoded.ptsNanos();
      keyFrameWanted = false;
    }
  }

  private void send(EncodedPicture encoded, Seat[] to) {
    for (Seat seat : to) {
      if (encoded.keyFrame()) {
        // Also one that nobody had asked for is good to begin with.
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
        seats.length,
        pictures,
        keyFrames,
        bytes,
        encodeNanos,
        repeatedPictures,
        latePictures,
        encoder.bitrateBps());
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
