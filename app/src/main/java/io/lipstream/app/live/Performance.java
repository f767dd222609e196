package io.lipstream.app.live;

import io.lipstream.app.live.Moment.MouthState;
import io.lipstream.compositing.Compositor;
import io.lipstream.media.avatar.AvatarFrame;
import io.lipstream.media.avatar.Clip;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.FeedStatistics;
import io.lipstream.streaming.live.FrameClock;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.OpusEncoder;
import io.lipstream.streaming.live.SilentSound;
import io.lipstream.streaming.live.VideoFeed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Presents one session to those who watch it, tick by tick.
 *
 * <p>At rest, watchers sit at the idle loop that all sessions of the avatar share, and are sent
 * packets of silence. With the first moment of an utterance they move to feeds of the session's
 * own, and after the last one, once the mouth is closed, back; {@link VideoFeed} sees to it that
 * each change is a keyframe without a gap or a doubled picture. Both show the avatar's frame that
 * belongs to the tick.
 *
 * <p>Pictures come from one thread and sound from another, so that each has its own lock.
 */
final class Performance implements AutoCloseable {
  /** After an interruption the mouth closes within so many pictures: 120 ms. */
  private static final int CLOSING_PICTURES = 3;

  /** Sounds that came late are still sent if they are not older than this. */
  private static final int MOST_LATE_SOUNDS = 10;

  /** The encoder goes on for so long after the last word: what it holds back must come out. */
  private static final int TAIL_SOUNDS = 5;

  /** Feeds that nobody sits at any more are kept for the next utterance for 10 seconds. */
  private static final int KEPT_PICTURES = 250;

  /** For so long clips may wait for those before them: 10 seconds. */
  private static final int MOST_WAITING_PICTURES = 250;

  /** What the session must know; called by the media threads, outside their locks. */
  interface Progress {

    /** The first sound of an utterance was sent. */
    void begun(Utterance utterance);

    /** All of it was heard. */
    void ended(Utterance utterance);
  }

  private final Beat beat;
  private final Progress progress;
  private final List<Watcher> watchers = new CopyOnWriteArrayList<>();
  private final List<FrameClock.Registration> ticks;

  /** What is to be seen; written under the pictures' lock. */
  private volatile Appearance appearance;

  private volatile @Nullable Utterance current;

  /** An interrupted utterance, of which one more packet is heard, fading. */
  private volatile @Nullable Utterance fading;

  private final Object pictureLock = new Object();
  private final Map<LiveVideoCodec, VideoFeed> feeds = new EnumMap<>(LiveVideoCodec.class);

  /** Of a stage that is not shown any more, until nobody sits there. */
  private final List<VideoFeed> leaving = new ArrayList<>();

  /** Whose frames are seen; it follows the appearance as soon as no moment of it is left. */
  private Stage shown;

  private @Nullable Compositor compositor;
  private I420Frame picture = new I420Frame(2, 2);
  private byte[] heldMouth = {};
  private boolean mouthHeld;
  private float mouthWeight;
  private int unusedPictures;
  private @Nullable Utterance pictured;
  private boolean closed;

  private final Object soundLock = new Object();
  private final SilentSound silence = new SilentSound();
  private final float[] samples = new float[EncodedSound.SAMPLES];
  private @Nullable OpusEncoder encoder;
  private @Nullable Utterance heard;
  private long lastSound = Long.MIN_VALUE;
  private int tailSounds;

  /** When the fading utterance was interrupted. */
  private volatile long interruptedNanos;

  /** How long after its moment the last sound was handed over. */
  private volatile long soundLateNanos;

  private final LongAdder picturesShown = new LongAdder();
  private final LongAdder mouthsDrawn = new LongAdder();
  private final LongAdder mouthsLate = new LongAdder();
  private final LongAdder soundsMissing = new LongAdder();
  private volatile long firstPictureNanos;
  private volatile @Nullable Recording recording;

  Performance(Stage stage, Beat beat, Progress progress) {
    appearance = new Appearance(stage, null);
    shown = stage;
    stage.enter();
    this.beat = beat;
    this.progress = progress;
    ticks = List.of(beat.pictures().add(this::picture), beat.sounds().add(this::sound));
  }

  void add(Watcher watcher) {
    watchers.add(watcher);
  }

  void remove(Watcher watcher) {
    watchers.remove(watcher);
  }

  List<Watcher> watchers() {
    return watchers;
  }

  /** Records what is presented from now on; null for nothing any more. */
  void record(@Nullable Recording tape) {
    recording = tape;
  }

  @Nullable Recording recording() {
    return recording;
  }

  boolean isWatched() {
    if (recording != null) {
      return true;
    }
    for (Watcher watcher : watchers) {
      if (watcher.isSeated()) {
        return true;
      }
    }
    return false;
  }

  /** Seats a watcher whose connection is there. */
  void seat(Watcher watcher) {
    LiveVideoCodec codec = watcher.codec();
    if (codec != null) {
      watcher.sit(appearance.stage().idleFeed(codec));
    }
  }

  /** Makes ready what the first picture of an utterance would else wait for. */
  void warmUp() {
    synchronized (pictureLock) {
      if (!closed) {
        compositor();
        for (Watcher watcher : watchers) {
          LiveVideoCodec codec = watcher.codec();
          if (codec != null) {
            feed(codec);
          }
        }
      }
    }
  }

  private Compositor compositor() {
    Compositor known = compositor;
    if (known == null) {
      known = shown.newCompositor();
      compositor = known;
      picture = shown.newPicture();
    }
    return known;
  }

  private VideoFeed feed(LiveVideoCodec codec) {
    VideoFeed feed = feeds.get(codec);
    if (feed == null) {
      feed = shown.openFeed(codec);
      feeds.put(codec, feed);
    }
    unusedPictures = 0;
    return feed;
  }

  /** What is to be seen of the session. */
  Appearance appearance() {
    return appearance;
  }

  /** Shows another stage as soon as a picture of it can be made, from a keyframe on. */
  void show(Stage next) {
    for (Watcher watcher : watchers) {
      LiveVideoCodec codec = watcher.codec();
      if (codec != null) {
        // Opening an encoder takes too long for a picture's time.
        next.idleFeed(codec);
      }
    }
    synchronized (pictureLock) {
      appearance = new Appearance(next, null);
    }
  }

  /**
   * Plays a clip of the stage as soon as what is planned allows, after one that is being played.
   *
   * @return false if too many clips wait already
   */
  boolean play(Clip clip, int times) {
    ClipRun run;
    synchronized (pictureLock) {
      long now = beat.pictureAfter(beat.now()) - 1;
      long soon = now + (current == null ? 2 : Utterance.MOST_AHEAD);
      Appearance present = appearance;
      ClipRun before = present.clip();
      if (before != null && before.playedTick() > soon + MOST_WAITING_PICTURES) {
        return false;
      }
      run = ClipRun.plan(present, now, soon, clip, times);
      appearance = new Appearance(present.stage(), run);
    }
    return true;
  }

  /** Presents an utterance from its first moment on, in place of any before it. */
  void begin(Utterance utterance) {
    current = utterance;
  }

  /** Presents nothing more but a fade. */
  void interrupt(Utterance utterance) {
    interruptedNanos = beat.now();
    fading = utterance;
    current = null;
  }

  /** An utterance was heard to its end, and nothing came in its place. */
  void end(Utterance utterance) {
    if (current == utterance) {
      current = null;
    }
  }

  private void picture(long tick, long ptsNanos) {
    synchronized (pictureLock) {
      if (closed) {
        return;
      }
      Utterance utterance = current;
      Moment moment = utterance == null ? null : utterance.picture(tick);
      Appearance wanted = appearance;
      boolean changed = wanted.stage() != shown && (moment == null || moment.stage != shown);
      boolean here = moment != null || wanted.isOwn(tick) || (changed && isSomebodyHere());
      if (changed) {
        change(wanted.stage());
      }
      if (here) {
        watchers.forEach(this::moveHere);
      } else if (changed) {
        watchers.forEach(this::moveToIdleLoop);
      } else if (utterance == null && mouthWeight == 0) {
        watchers.forEach(this::returnToIdleLoop);
      }
      closeLeft();
      Recording tape = recording;
      if (tape == null && (feeds.isEmpty() || !isSomebodyHere())) {
        forget();
        return;
      }
      unusedPictures = 0;
      if (utterance != null && moment != null && utterance.skips(tick)) {
        return;
      }
      boolean mouthSeen = moment != null && moment.mouthState == MouthState.DRAWN;
      long from = System.nanoTime();
      I420Frame drawn;
      if (moment != null && moment.stage == shown) {
        drawn = draw(shown.frames().frame(moment.frameIndex), moment);
      } else {
        drawn = draw(shown.frames().frame(wanted.frameIndex(tick)), null);
      }
      long pasted = System.nanoTime();
      if (tape != null) {
        tape.picture(tick, drawn);
      }
      int bitratePercent = utterance == null ? 100 : utterance.quality().bitratePercent();
      if (mouthSeen && utterance != null) {
        utterance.opening().reached(LiveEvents.Point.PICTURE);
      }
      for (VideoFeed feed : feeds.values()) {
        feed.share(bitratePercent);
        feed.picture(drawn, ptsNanos);
      }
      picturesShown.increment();
      if (utterance != null && moment != null) {
        shown.events().took(LiveEvents.Step.PASTE, pasted - from);
        shown.events().took(LiveEvents.Step.ENCODE, System.nanoTime() - pasted);
        tell(utterance, ptsNanos);
        if (mouthSeen) {
          utterance.opening().reached(LiveEvents.Point.PACKET);
        }
      }
    }
  }

  /** A picture of speech is on its way. */
  private void tell(Utterance utterance, long ptsNanos) {
    LiveEvents events = shown.events();
    int stalled = utterance.takeStalledPictures();
    if (stalled > 0) {
      soundsMissing.add(stalled);
      events.soundMissing(stalled);
    }
    long now = beat.now();
    events.skewed(now - ptsNanos - soundLateNanos);
    if (pictured != utterance) {
      pictured = utterance;
      firstPictureNanos = now - utterance.firstSoundNanos();
      events.firstPicture(firstPictureNanos);
    }
  }

  /** Goes over to another stage between two pictures. */
  private void change(Stage next) {
    next.enter();
    shown.leave();
    shown = next;
    leaving.addAll(feeds.values());
    feeds.clear();
    compositor = null;
    mouthWeight = 0;
    mouthHeld = false;
  }

  private void closeLeft() {
    leaving.removeIf(
        feed -> {
          boolean left = feed.viewerCount() == 0;
          if (left) {
            feed.close();
          }
          return left;
        });
  }

  private void moveHere(Watcher watcher) {
    LiveVideoCodec codec = watcher.codec();
    if (codec != null && watcher.isSeated()) {
      watcher.moveTo(feed(codec));
    }
  }

  private void moveToIdleLoop(Watcher watcher) {
    LiveVideoCodec codec = watcher.codec();
    if (codec != null && watcher.isSeated()) {
      watcher.moveTo(shown.idleFeed(codec));
    }
  }

  private void returnToIdleLoop(Watcher watcher) {
    LiveVideoCodec codec = watcher.codec();
    if (codec != null && watcher.isSeated()) {
      watcher.returnTo(shown.idleFeed(codec));
    }
  }

  private boolean isSomebodyHere() {
    for (VideoFeed feed : feeds.values()) {
      if (feed.viewerCount() > 0) {
        return true;
      }
    }
    return false;
  }

  private void forget() {
    mouthWeight = 0;
    mouthHeld = false;
    if (!feeds.isEmpty() && ++unusedPictures > KEPT_PICTURES && current == null) {
      feeds.values().forEach(VideoFeed::close);
      feeds.clear();
    }
  }

  /** The avatar's frame with the moment's mouth, or with what the mouth goes back to rest by. */
  private I420Frame draw(AvatarFrame frame, @Nullable Moment moment) {
    Compositor paster = compositor();
    mouthWeight = moment == null ? closing() : weight(moment);
    if (mouthWeight == 0) {
      mouthHeld = false;
      return shown.resting(frame, paster, picture);
    }
    paster.paste(frame.picture(), frame.rect(), heldMouth, 0, shown(mouthWeight), picture);
    return picture;
  }

  private float closing() {
    return mouthHeld ? Math.max(0, mouthWeight - 1f / CLOSING_PICTURES) : 0;
  }

  private float weight(Moment moment) {
    MouthState state = moment.mouthState;
    if (moment.weight == 0) {
      return 0;
    }
    if (state == MouthState.DRAWN) {
      if (heldMouth.length != moment.mouth.length) {
        heldMouth = new byte[moment.mouth.length];
      }
      System.arraycopy(moment.mouth, 0, heldMouth, 0, heldMouth.length);
      mouthHeld = true;
      mouthsDrawn.increment();
    } else if (state != MouthState.NONE) {
      mouthsLate.increment();
      shown.events().frameLate();
    }
    // A mouth that is late leaves the pose as it was.
    return mouthHeld ? moment.weight : 0;
  }

  /** Frames that do not rest by themselves must never show through. */
  private float shown(float weight) {
    return shown.framesRest() ? weight : 1;
  }

  private void sound(long tick, long ptsNanos) {
    long number = beat.soundAt(ptsNanos);
    Utterance begun = null;
    Utterance ended = null;
    synchronized (soundLock) {
      if (closed) {
        return;
      }
      long from = Math.max(lastSound + 1, number - MOST_LATE_SOUNDS);
      for (long next = lastSound == Long.MIN_VALUE ? number : from; next <= number; next++) {
        Utterance utterance = current;
        if (send(utterance, next) && heard != utterance) {
          heard = utterance;
          begun = utterance;
        }
        lastSound = next;
      }
      Utterance utterance = current;
      if (utterance != null && utterance.isOver()) {
        ended = utterance;
      }
    }
    if (begun != null) {
      progress.begun(begun);
    }
    if (ended != null) {
      progress.ended(ended);
    }
  }

  /** Sends 20 ms to everybody; true if it is the current utterance's. */
  private boolean send(@Nullable Utterance utterance, long number) {
    Recording tape = recording;
    if (watchers.isEmpty() && utterance == null && tape == null) {
      fading = null;
      return false;
    }
    long ptsNanos = beat.soundPtsNanos(number);
    boolean spoken = false;
    Utterance leaving = fading;
    boolean fade = leaving != null && leaving.sound(number, samples);
    if (leaving != null) {
      fading = null;
    }
    if (fade) {
      fadeOut(samples);
    } else {
      spoken = utterance != null && utterance.sound(number, samples);
    }
    if (fade || spoken) {
      tailSounds = TAIL_SOUNDS;
      for (Watcher watcher : watchers) {
        watcher.avatarSaid(samples, ptsNanos);
      }
    } else {
      Arrays.fill(samples, 0);
      tailSounds--;
    }
    if (tape != null) {
      tape.sound(number, samples);
    }
    sendToAll(tailSounds > 0 ? encoder().encode(samples, 0, ptsNanos) : silence.at(ptsNanos));
    long now = beat.now();
    soundLateNanos = now - ptsNanos;
    if (leaving != null) {
      appearance.stage().events().interrupted(now - interruptedNanos);
    }
    return spoken;
  }

  private static void fadeOut(float[] samples) {
    for (int i = 0; i < samples.length; i++) {
      float left = 1 - (float) i / samples.length;
      samples[i] *= left * left;
    }
  }

  private void sendToAll(EncodedSound sound) {
    for (Watcher watcher : watchers) {
      watcher.audio(sound);
    }
  }

  private OpusEncoder encoder() {
    OpusEncoder known = encoder;
    if (known == null) {
      known = OpusEncoder.open();
      encoder = known;
    }
    return known;
  }

  List<FeedStatistics> encoders() {
    synchronized (pictureLock) {
      return feeds.values().stream().map(VideoFeed::statistics).toList();
    }
  }

  long picturesShown() {
    return picturesShown.sum();
  }

  long mouthsDrawn() {
    return mouthsDrawn.sum();
  }

  long mouthsLate() {
    return mouthsLate.sum();
  }

  long soundsMissing() {
    return soundsMissing.sum();
  }

  long firstPictureNanos() {
    return firstPictureNanos;
  }

  /** Ends the ticks and frees the encoders; the watchers stay the session's to close. */
  @Override
  public void close() {
    ticks.forEach(FrameClock.Registration::close);
    synchronized (soundLock) {
      synchronized (pictureLock) {
        if (!closed) {
          shown.leave();
        }
        Recording tape = recording;
        recording = null;
        if (tape != null) {
          tape.stop();
        }
        closed = true;
        feeds.values().forEach(VideoFeed::close);
        feeds.clear();
        leaving.forEach(VideoFeed::close);
        leaving.clear();
        if (encoder != null) {
          encoder.close();
        }
      }
    }
  }
}
