package io.lipstream.app.live;

import io.lipstream.app.live.Moment.MouthState;
import io.lipstream.app.live.Reading.Piece;
import io.lipstream.app.quality.Importance;
import io.lipstream.app.quality.QualityLevel;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.media.talk.VoiceActivity;
import io.lipstream.streaming.live.EncodedSound;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What an avatar says from the first word until it rests again.
 *
 * <pre>
 *   lines ──Reading──> pieces of sound ──Take──> moments ──┬─ sound(), 20 ms at a time
 *          its thread               the director's thread  ├─ picture(), 40 ms at a time
 *                                                          └─ the engine draws the mouth
 * </pre>
 *
 * There are a few moments only and they circulate, so nothing runs far ahead of what is heard, and
 * an interruption has little to throw away. The director gives each moment its place on the clock
 * when it fills it, the earliest one that is free and not yet over; so sound that comes late is
 * heard later, whole, with its pictures.
 *
 * <p>When the voice falls behind, the take is finished: what was heard of it is spoken to its end,
 * and what comes then begins another take.
 */
final class Utterance {
  private static final int MOMENTS = 8;

  /** From the first known moment to its presentation: time to draw the first mouth. */
  private static final long MIN_LEAD_NANOS = 30_000_000;

  /** The first picture must not wait for a slow machine longer than this. */
  private static final long MAX_LEAD_NANOS = 120_000_000;

  /** A live sound does not come faster to make up for a thread that was late. */
  private static final long LIVE_SLACK_NANOS = 40_000_000;

  /** A moment nearer than this is left to the next. */
  private static final long TOO_NEAR_NANOS = 5_000_000;

  /** So long before the next moment is due, one stops waiting for the voice. */
  private static final long STARVING_NANOS = 70_000_000;

  /** A voice that falls silent before it has said enough for a moment is not waited for longer. */
  private static final long LONGEST_START_NANOS = 700_000_000;

  /** Pictures of the clock that may be planned already: its moments, and the lead of the first. */
  static final int MOST_AHEAD = MOMENTS + 5;

  private static final int WINDOWS_AHEAD = 8;
  private static final long WAIT_MILLIS = 20;

  private final Supplier<Appearance> appearance;
  private final Beat beat;
  private final Workload workload;
  private final Importance importance;
  private final BooleanSupplier watched;
  private final VoiceActivity activity;
  private final Consumer<SessionEvent> events;
  private final Consumer<LipstreamException> failed;
  private final Reading reading;
  private final Captions captions;
  private final String session;
  private final LiveEvents.Opening opening;
  private final Thread director;

  /** Whether the engine promised its mouths. */
  private volatile boolean promised = true;

  // All below are guarded by this.
  private final Deque<Moment> ahead = new ArrayDeque<>();
  private final Deque<Moment> free = new ArrayDeque<>();
  private boolean cancelled;
  private boolean over;
  private boolean taking;
  private @Nullable Playing playing;
  private long pictureTick = Long.MIN_VALUE;
  private long nextSound = Long.MIN_VALUE;
  private long firstSound = Long.MIN_VALUE;
  private int stalledPictures;

  // The director's own.
  private Stage stage;
  private final List<Playing> played = new ArrayList<>();
  private @Nullable Take take;
  private boolean takeBegun;
  private long takeStartNanos;
  private long nextTick;

  /** A stage that mouths are drawn on, and what it draws them through, if the engine lets it. */
  private record Playing(Stage stage, @Nullable FrameStream stream) {}

  /** Listens with the encoder of whatever stage is played on. */
  private final class StageEncoder implements AudioEncoder {
    @Override
    public void encode(int count, float[] melWindows, float[] features) {
      stage.audioEncoder().encode(count, melWindows, features);
    }

    @Override
    public void close() {
      // It is the stage's.
    }
  }

  /**
   * An utterance without lines.
   *
   * @param appearance asked for what is shown; its stage may change at any time
   * @param activity tells whether sound from outside is a voice
   * @param moreComing whether the lines are only being thought of
   * @param watched whether it is worth drawing mouths
   * @param failed told, by any thread, what ended it; what fails beside is an event
   */
  Utterance(
      String session,
      Supplier<Appearance> appearance,
      Beat beat,
      Workload workload,
      Importance importance,
      SpeechSynthesizer voice,
      String voiceName,
      VoiceActivity activity,
      boolean moreComing,
      BooleanSupplier watched,
      Consumer<SessionEvent> events,
      Consumer<LipstreamException> failed) {
    this.session = session;
    this.appearance = appearance;
    this.beat = beat;
    this.workload = workload;
    this.importance = importance;
    this.watched = watched;
    this.activity = activity;
    this.events = events;
    this.failed = failed;
    captions = new Captions(events);
    reading = new Reading(session, voice, voiceName, moreComing, beat.clock(), this::wake, failed);
    stage = appearance.get().stage();
    opening = stage.events().asked();
    for (int i = 0; i < MOMENTS; i++) {
      free.add(stage.moment(opening));
    }
    director = Thread.ofPlatform().daemon().name("director-" + session).unstarted(this::direct);
  }

  /** Where it is on the way to its first packet. */
  LiveEvents.Opening opening() {
    return opening;
  }

  void start() {
    stage.enter();
    reading.start();
    director.start();
  }

  /** Says one more line at the end; false if it is over or was cancelled. */
  boolean add(Line line) {
    return reading.add(line);
  }

  /** No more lines are being thought of. */
  void complete() {
    reading.complete();
    wake();
  }

  /** Stops making anything. What was ready can still be taken, for a fade. */
  void cancel() {
    Playing open;
    synchronized (this) {
      cancelled = true;
      open = playing;
      notifyAll();
    }
    reading.stop();
    reading.over();
    if (open != null && open.stream() != null) {
      open.stream().flush();
    }
  }

  /** Its session has said that it speaks; before that no word is told. */
  void tellWords() {
    captions.open();
  }

  /** The words that began to be heard so far. */
  String heard() {
    return captions.text();
  }

  /** When its first sound was there to be spoken, 0 if none was. */
  long firstSoundNanos() {
    return reading.firstSoundNanos();
  }

  /** Pictures' times that passed without sound since the last call, though more was to come. */
  synchronized int takeStalledPictures() {
    int count = stalledPictures;
    stalledPictures = 0;
    return count;
  }

  private synchronized void wake() {
    notifyAll();
  }

  /**
   * What is seen in a frame of the clock; it may be read until the next call.
   *
   * @return null if nothing is known of it: the avatar rests
   */
  synchronized @Nullable Moment picture(long tick) {
    pictureTick = tick;
    notifyAll();
    Moment moment = cancelled ? null : momentOf(tick);
    if (moment == null && firstSound != Long.MIN_VALUE && !cancelled && !over && isSpeaking()) {
      stalledPictures++;
    }
    return moment;
  }

  private boolean isSpeaking() {
    return taking || !ahead.isEmpty() || !reading.isExhausted();
  }

  /**
   * Takes what is heard in a stretch of 20 ms.
   *
   * @param number as {@link Beat} counts
   * @param out receives 960 samples
   * @return false if there is none, and out is left as it is
   */
  synchronized boolean sound(long number, float[] out) {
    nextSound = number + 1;
    Moment moment = momentOf(Math.floorDiv(number, 2));
    if (moment == null) {
      return false;
    }
    int from = Math.floorMod(number, 2) * EncodedSound.SAMPLES;
    System.arraycopy(moment.sound, from, out, 0, EncodedSound.SAMPLES);
    if (cancelled) {
      return true;
    }
    if (firstSound == Long.MIN_VALUE) {
      firstSound = number;
    }
    long sample = (number - firstSound) * EncodedSound.SAMPLES;
    Line line = moment.begins;
    if (line != null && moment.beginsAt / EncodedSound.SAMPLES == from / EncodedSound.SAMPLES) {
      captions.begin(line, sample + moment.beginsAt - from);
    }
    captions.sent(sample + EncodedSound.SAMPLES);
    return true;
  }

  private @Nullable Moment momentOf(long tick) {
    for (Moment moment : ahead) {
      if (moment.tick == tick) {
        return moment;
      }
    }
    return null;
  }

  /** Whether all was said; from then on it takes no more lines. */
  synchronized boolean isOver() {
    release();
    if (!over && !cancelled && !taking && ahead.isEmpty() && reading.endsHere()) {
      over = true;
      captions.end();
      reading.over();
      notifyAll();
    }
    return over;
  }

  /** Takes back the moments that were both heard and seen, and that the engine has let go of. */
  private void release() {
    Moment oldest = ahead.peek();
    while (oldest != null
        && oldest.tick < pictureTick
        && 2 * oldest.tick + 1 < nextSound
        && oldest.mouthState != MouthState.QUEUED) {
      free.add(ahead.remove());
      oldest = ahead.peek();
    }
  }

  private void direct() {
    try {
      openStream();
      while (turn()) {
        follow();
      }
    } catch (InterruptedException e) {
      // Nobody interrupts a director; cancel() says when to end.
    } catch (LipstreamException e) {
      failed.accept(e);
    } catch (RuntimeException e) {
      failed.accept(
          new LipstreamException(
              LipstreamException.Kind.ENVIRONMENT,
              "what was to be said cannot be presented: " + e,
              "the log has the cause",
              e));
    } finally {
      closeAll();
    }
  }

  /** The first mouths find the model ready: it is opened while the voice still thinks. */
  private void openStream() {
    FrameStream opened = null;
    try {
      Stage.Mouths mouths =
          stage.openStream(session, importance, workload.hasRoomFor(importance), MOMENTS);
      promised = mouths.promised();
      opened = mouths.stream();
    } catch (LipstreamException e) {
      // Better heard with a face at rest than not at all.
      events.accept(new SessionEvent.Failed(e.getMessage(), e.hint()));
    }
    synchronized (this) {
      playing = new Playing(stage, opened);
    }
  }

  /** Goes over to the stage that is to be seen; what was planned for the one before still comes. */
  private void follow() {
    Stage wanted = appearance.get().stage();
    if (wanted != stage) {
      wanted.enter();
      Playing before = playing();
      if (before != null) {
        played.add(before);
      }
      stage = wanted;
      openStream();
    }
    played.removeIf(this::leftIfDone);
  }

  private boolean leftIfDone(Playing before) {
    synchronized (this) {
      for (Moment moment : ahead) {
        if (moment.stage == before.stage()) {
          return false;
        }
      }
    }
    leave(before);
    return true;
  }

  private static void leave(Playing done) {
    if (done.stream() != null) {
      done.stream().close();
    }
    done.stage().leave();
  }

  /** Waits for something to do and does it; false at the end. */
  private boolean turn() throws InterruptedException {
    Piece piece = null;
    synchronized (this) {
      while (true) {
        if (cancelled || over) {
          return false;
        }
        release();
        if (take != null && take.isOver()) {
          take.close();
          take = null;
          taking = false;
        }
        if (take != null && take.ready() && !free.isEmpty()) {
          break;
        }
        if (take == null || (!take.isFinished() && take.windowsAhead() < WINDOWS_AHEAD)) {
          Piece next = reading.peek();
          if (next != null && (take == null || take.continuesWith(next.line, next.format))) {
            taking = true;
            piece = reading.poll();
            break;
          }
          if (take != null && (next != null || reading.isAtEnd() || starving())) {
            take.finish();
            break;
          }
        }
        wait(WAIT_MILLIS);
      }
    }
    if (piece != null) {
      hear(piece);
    }
    plan();
    return true;
  }

  private boolean starving() {
    if (take != null && take.isLive()) {
      // Its silence is its own, and comes at the same pace as sound.
      return false;
    }
    long now = beat.now();
    return takeBegun
        ? now >= beat.pictures().ptsNanos(nextTick) - STARVING_NANOS
        : now - takeStartNanos >= LONGEST_START_NANOS;
  }

  private void hear(Piece piece) {
    Take hearing = take;
    if (hearing == null) {
      hearing = new Take(new StageEncoder(), piece.line, piece.format, activity);
      take = hearing;
      takeBegun = false;
      takeStartNanos = beat.now();
    }
    if (piece.begins) {
      hearing.begin(piece.line);
    }
    opening.reached(LiveEvents.Point.SOUND);
    long from = System.nanoTime();
    hearing.hear(piece.interleaved, piece.frames);
    reading.giveBack(piece);
    if (reading.peek() == null || hearing.windowsAhead() < WINDOWS_AHEAD) {
      hearing.flush();
    }
    stage.events().took(LiveEvents.Step.FEATURES, System.nanoTime() - from);
  }

  private void plan() {
    Take planned = take;
    while (planned != null && planned.ready()) {
      Moment moment;
      synchronized (this) {
        moment = free.poll();
      }
      if (moment == null) {
        return;
      }
      if (moment.stage != stage) {
        moment.stage.giveBack(moment);
        moment = stage.moment(opening);
      }
      opening.reached(LiveEvents.Point.FEATURES);
      planned.next(moment);
      long soon = beat.now() + (takeBegun ? TOO_NEAR_NANOS : leadNanos(planned.isLive()));
      takeBegun = true;
      moment.tick = Math.max(nextTick, beat.pictureAfter(soon));
      nextTick = moment.tick + 1;
      submit(moment);
      synchronized (this) {
        ahead.add(moment);
      }
    }
  }

  private long leadNanos(boolean live) {
    long lead = Math.clamp(stage.drawNanos() + TOO_NEAR_NANOS, MIN_LEAD_NANOS, MAX_LEAD_NANOS);
    return live ? lead + LIVE_SLACK_NANOS : lead;
  }

  private void submit(Moment moment) {
    Playing now = playing();
    FrameStream engine = now == null ? null : now.stream();
    Appearance seen = appearance.get();
    moment.frameIndex =
        seen.stage() == stage ? seen.frameIndex(moment.tick) : stage.frameIndex(moment.tick);
    if (moment.weight == 0 || engine == null || skips(moment.tick) || !watched.getAsBoolean()) {
      moment.mouthState = MouthState.NONE;
      return;
    }
    moment.frame.show(stage.frames(), moment.frameIndex);
    moment.frame.hear(moment.window, 0);
    moment.frame.draw(moment.mouth, 0);
    moment.mouthState = MouthState.QUEUED;
    if (!engine.submit(moment.frame, beat.pictures().ptsNanos(moment.tick))) {
      moment.mouthState = MouthState.MISSING;
    }
  }

  /** How well it is shown. */
  QualityLevel quality() {
    return workload.level(importance, promised);
  }

  /** Whether a picture is left out for others' sake. */
  boolean skips(long tick) {
    return tick % quality().pictureInterval() != 0;
  }

  private synchronized @Nullable Playing playing() {
    return playing;
  }

  private void closeAll() {
    played.forEach(Utterance::leave);
    Playing last = playing();
    leave(last == null ? new Playing(stage, null) : last);
    if (take != null) {
      take.close();
    }
    synchronized (this) {
      // Those ahead may still be read, for a fade.
      free.forEach(moment -> moment.stage.giveBack(moment));
      free.clear();
      taking = false;
    }
    reading.stop();
    opening.over();
  }
}
