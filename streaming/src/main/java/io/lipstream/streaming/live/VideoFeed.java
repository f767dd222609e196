package io.lipstream.streaming.live;

import io.lipstream.media.picture.I420Frame;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongFunction;
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
 * <p>A loop is recorded as it is encoded, and from then on repeated. A viewer who comes, or who
 * cannot decode, in the middle of a recorded part is served by the encoder until the next part
 * begins; the others notice nothing. Who comes back with {@link Seat#returnTo} waits for that part.
 *
 * <p>Without viewers nothing is encoded. {@link #picture} and {@link #loop} are called by one
 * thread at a time; everything else by any thread. Locks are taken in this order: a feed's own, a
 * seat's, a feed's list of seats.
 */
public final class VideoFeed implements AutoCloseable {
  /** Viewers that lose packets ask for keyframes often; more would crowd out the pictures. */
  public static final long KEYFRAME_FLOOR_NANOS = 500_000_000;

  private static final long SECOND_NANOS = 1_000_000_000;
  private static final long NEVER = Long.MIN_VALUE / 2;

  /** Skipped pictures of a loop that are worth making up for; half a second at 25 a second. */
  private static final int MAX_MISSING = 12;

  /** One for each rate that connections come back to. */
  private static final int MAX_RECORDINGS = 4;

  private static final Logger LOG = LoggerFactory.getLogger(VideoFeed.class);

  private final LiveVideoCodec codec;
  private final int framesPerSecond;
  private final BitrateRange bitrates;
  private final VideoEncoder encoder;

  private final Object seatsLock = new Object();

  /** Replaced as a whole, so that it can be walked through without a lock or an object. */
  private volatile Seat[] seats = {};

  private volatile boolean closed;
  private volatile int percent = 100;
  private boolean begun;

  /** What the seats want of the picture at hand; kept so that none is allocated. */
  private Seat.Wants[] wants = {};

  /** The one in use last, in front. */
  private final List<LoopRecording> recordings = new ArrayList<>();

  private long lastLoopTick = NEVER;

  /** Of the recording in use, so that its next picture can build on it. */
  private long lastRepeatedTick = NEVER;

  private long lastPtsNanos;

  /** Of the encoder. */
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
    if (ask(now, ptsNanos, false)) {
      encode(picture, ptsNanos, false, now);
    }
  }

  /**
   * Like {@link #picture}, for pictures that come round again and again: what was encoded in one
   * round is sent in all later ones.
   *
   * <p>A round must not miss a picture, or all up to its next part would have to be encoded. A few
   * ticks that were skipped are therefore made up for.
   *
   * @param tick counts the pictures since any beginning
   * @param loopPictures after so many the loop looks the same again
   * @param pictures of a tick, asked only for what must be encoded
   */
  public synchronized void loop(
      long tick, int loopPictures, long ptsNanos, LongFunction<I420Frame> pictures) {
    boolean few = lastLoopTick < tick && tick - lastLoopTick <= MAX_MISSING;
    for (long each = few ? lastLoopTick + 1 : tick; each <= tick; each++) {
      long frames = tick - each;
      loopOne(each, loopPictures, ptsNanos - frames * SECOND_NANOS / framesPerSecond, pictures);
    }
  }

  private void loopOne(
      long tick, int loopPictures, long ptsNanos, LongFunction<I420Frame> pictures) {
    Seat[] now = seats;
    boolean wanted = ask(now, ptsNanos, true);
    LoopRecording recording = recording(loopPictures);
    if (recording.beginsPart(tick + 1)) {
      for (Seat seat : now) {
        seat.handOver(this, ptsNanos + SECOND_NANOS / framesPerSecond / 2);
      }
    }
    if (!wanted) {
      return;
    }
    lastLoopTick = tick;
    EncodedPicture repeated = recording.picture(tick, ptsNanos);
    if (repeated != null) {
      repeat(tick, repeated, now);
    }
    boolean partWanted = repeated == null && recording.wantsKeyFrame(tick);
    if (isEncodingWanted(now)) {
      EncodedPicture encoded = encode(pictures.apply(tick), ptsNanos, partWanted, now);
      if (repeated == null) {
        recording.record(tick, encoded);
      }
    }
  }

  private LoopRecording recording(int loopPictures) {
    LoopRecording last = recordings.isEmpty() ? null : recordings.getFirst();
    int bitrateBps = encoder.bitrateBps();
    if (last != null && last.isOf(loopPictures) && last.suits(bitrateBps)) {
      return last;
    }
    recordings.removeIf(known -> !known.isOf(loopPictures));
    LoopRecording best =
        recordings.stream()
            .filter(known -> known.suits(bitrateBps))
            .max(Comparator.comparingInt(LoopRecording::bitrateBps))
            .orElseGet(() -> new LoopRecording(loopPictures, framesPerSecond, bitrateBps));
    recordings.remove(best);
    recordings.addFirst(best);
    if (recordings.size() > MAX_RECORDINGS) {
      recordings.removeLast();
    }
    lastRepeatedTick = NEVER;
    return best;
  }

  /** Sends a recorded picture to whom it can be the next one. */
  private void repeat(long tick, EncodedPicture repeated, Seat[] to) {
    boolean goesOn = lastRepeatedTick == tick - 1;
    boolean sent = false;
    for (int i = 0; i < to.length; i++) {
      boolean fits = repeated.keyFrame() || (goesOn && wants[i] == Seat.Wants.REPEATED);
      if (wants[i] != Seat.Wants.NOTHING && fits) {
        show(to[i], repeated, true);
        wants[i] = Seat.Wants.NOTHING;
        sent = true;
      }
    }
    if (sent) {
      lastRepeatedTick = tick;
      repeatedPictures++;
      begun = true;
      lastPtsNanos = repeated.ptsNanos();
    }
  }

  private boolean isEncodingWanted(Seat[] now) {
    for (int i = 0; i < now.length; i++) {
      if (wants[i] != Seat.Wants.NOTHING) {
        return true;
      }
    }
    return false;
  }

  /**
   * Asks all seats what the picture of this moment must be, and follows their connections.
   *
   * @param hasPlaces whether this is a loop, into which one comes best at certain places
   * @return whether anybody wants one
   */
  private boolean ask(Seat[] now, long ptsNanos, boolean hasPlaces) {
    if (closed || now.length == 0) {
      return false;
    }
    if (begun && ptsNanos <= lastPtsNanos) {
      latePictures++;
      return false;
    }
    if (wants.length < now.length) {
      wants = new Seat.Wants[now.length];
    }
    boolean keyFrameAllowed = !begun || ptsNanos - lastKeyFramePtsNanos >= KEYFRAME_FLOOR_NANOS;
    boolean any = false;
    int wishedBps = Integer.MAX_VALUE;
    for (int i = 0; i < now.length; i++) {
      wants[i] = now[i].prepare(this, ptsNanos, keyFrameAllowed, hasPlaces);
      if (wants[i] != Seat.Wants.NOTHING) {
        any = true;
        wishedBps = Math.min(wishedBps, now[i].wishedBps());
      }
    }
    if (any) {
      follow(wishedBps);
    }
    return any;
  }

  private void follow(int wishedBps) {
    long wholeBps = wishedBps == Integer.MAX_VALUE ? bitrates.startBps() : wishedBps;
    int bitsPerSecond = bitrates.nearest((int) (wholeBps * percent / 100));
    if (bitsPerSecond != encoder.bitrateBps()) {
      encoder.bitrate(bitsPerSecond);
    }
  }

  /** Encodes a picture for all who still want one, and sends it to them. */
  private EncodedPicture encode(I420Frame picture, long ptsNanos, boolean keyFrame, Seat[] to) {
    boolean key = keyFrame;
    for (int i = 0; i < to.length; i++) {
      // Who was shown a recording cannot go on with what the encoder builds on.
      key |= wants[i] == Seat.Wants.KEYFRAME || wants[i] == Seat.Wants.REPEATED;
    }
    long from = System.nanoTime();
    EncodedPicture encoded = encoder.encode(picture, ptsNanos, key);
    encodeNanos += System.nanoTime() - from;
    pictures++;
    bytes += encoded.length();
    begun = true;
    lastPtsNanos = ptsNanos;
    if (encoded.keyFrame()) {
      keyFrames++;
      lastKeyFramePtsNanos = ptsNanos;
    }
    for (int i = 0; i < to.length; i++) {
      // A keyframe that was not asked for is also good to begin with.
      boolean begins =
          encoded.keyFrame()
              && wants[i] == Seat.Wants.NOTHING
              && to[i].prepare(this, ptsNanos, true, false) == Seat.Wants.KEYFRAME;
      if (begins || wants[i] != Seat.Wants.NOTHING) {
        show(to[i], encoded, false);
      }
    }
    return encoded;
  }

  private void show(Seat seat, EncodedPicture picture, boolean repeated) {
    try {
      seat.show(this, picture, repeated);
    } catch (RuntimeException e) {
      LOG.warn("a viewer who cannot be sent pictures is closed", e);
      seat.close();
      seat.viewer().close();
    }
  }

  /**
   * Takes less than viewers' connections would carry.
   *
   * @param newPercent of that, 1 to 100
   */
  public void share(int newPercent) {
    if (newPercent < 1 || newPercent > 100) {
      throw new IllegalArgumentException("a share of " + newPercent + " percent");
    }
    percent = newPercent;
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

  boolean isClosed() {
    return closed;
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
