package io.lipstream.app.compositing;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.lipstream.app.compositing.Shot.State;
import io.lipstream.app.render.FramePlan;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.server.Refusal;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.wire.compositing.CompositeFlushed;
import io.lipstream.media.wire.compositing.CompositeFrame;
import io.lipstream.media.wire.compositing.CompositeOpened;
import io.lipstream.media.wire.compositing.CompositeRequest;
import io.lipstream.media.wire.compositing.CompositeResponse;
import io.lipstream.media.wire.compositing.EndOfSound;
import io.lipstream.media.wire.compositing.OpenComposite;
import io.lipstream.media.wire.compositing.Pace;
import io.lipstream.media.wire.compositing.UtteranceEnded;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session's stream.
 *
 * <pre>
 *   messages ──> inbox ──plan──> shots ──┬──────────────> due and drawn? paste, encode ──> client
 *                bounded                 └──> engine ──────^
 * </pre>
 *
 * Messages are only put down where they come in; one thread, {@code composite-N}, does the rest. So
 * a flush is seen however much sound waits. What a stream holds is bounded: no message is asked for
 * while the inbox is full, no sound is planned while enough shots wait, and none is sent while the
 * client does not read.
 */
final class CompositingStream implements StreamObserver<CompositeRequest>, FramePlan.Target {
  private static final Logger LOG = LoggerFactory.getLogger(CompositingStream.class);

  /** Sound that may wait: a minute at 16 kHz. */
  private static final int MAX_INBOX_BYTES = 2 << 20;

  /** A message without its bytes. */
  private static final int MESSAGE_BYTES = 100;

  /** Planned frames that are enough; a stretch of sound or the end of an utterance adds some. */
  private static final int SHOTS_AHEAD = 8;

  /** Who asked for no mouth for longer is silent. */
  private static final long SPEAKING_NANOS = 500_000_000;

  private static final int LONGEST_WAIT_MILLIS = 100;
  private static final Duration RETRY = Duration.ofSeconds(1);

  private final CompositingService service;
  private final CompositingParts parts;
  private final ServerCallStreamObserver<CompositeResponse> response;

  // Guarded by this.
  private final Deque<CompositeRequest> inbox = new ArrayDeque<>();
  private int inboxBytes;
  private boolean requestOwed;
  private int flushes;
  private boolean halfClosed;
  private boolean closed;
  private boolean started;
  private boolean released;
  private @Nullable StatusRuntimeException stopping;

  // The stream's thread alone, once it runs.
  private Actors.@Nullable Use use;
  private @Nullable FrameStream mouths;
  private @Nullable FramePictures pictures;
  private @Nullable FramePlan plan;
  private PcmFormat format = PcmFormat.FEATURES;
  private OpenComposite open = OpenComposite.getDefaultInstance();
  private boolean live;
  private StreamClock clock = new StreamClock(1, false);

  /** Sound of the message that is being planned, and where in it. */
  private ByteString sound = ByteString.EMPTY;

  private int soundAt;
  private float[] samples = {};
  private final Deque<Shot> shots = new ArrayDeque<>();
  private final Deque<Shot> spare = new ArrayDeque<>();
  private @Nullable Shot newest;
  private long planNanos;
  private long nextPlanned;
  private long nextSent;
  private long utteranceFrames;
  private boolean soundUnflushed;
  private long unreadSinceNanos;

  /** When a mouth was asked for last; anybody may read it. */
  private volatile long spokeNanos = System.nanoTime() - SPEAKING_NANOS;

  CompositingStream(
      CompositingService service,
      CompositingParts parts,
      ServerCallStreamObserver<CompositeResponse> response) {
    this.service = service;
    this.parts = parts;
    this.response = response;
  }

  // What comes in; the call's threads.

  @Override
  public void onNext(CompositeRequest request) {
    boolean more;
    synchronized (this) {
      if (closed) {
        return;
      }
      if (request.getMessageCase() == CompositeRequest.MessageCase.FLUSH) {
        // What was said before is not wanted any more, also where nobody has looked at it.
        inbox.removeIf(each -> each.getMessageCase() != CompositeRequest.MessageCase.OPEN);
        inboxBytes = inbox.stream().mapToInt(CompositingStream::cost).sum();
        flushes++;
      } else {
        inbox.add(request);
        inboxBytes += cost(request);
      }
      if (!started) {
        started = true;
        String name = "composite-" + Integer.toHexString(System.identityHashCode(this));
        Thread.ofPlatform().daemon().name(name).start(this::run);
      }
      more = inboxBytes < MAX_INBOX_BYTES && flushes == 0;
      requestOwed = !more;
      notifyAll();
    }
    if (more) {
      response.request(1);
    }
  }

  /** What a message takes while it waits. */
  private static int cost(CompositeRequest message) {
    return MESSAGE_BYTES + message.getSerializedSize();
  }

  @Override
  public void onError(Throwable cancelled) {
    cancel();
  }

  @Override
  public void onCompleted() {
    synchronized (this) {
      halfClosed = true;
      notifyAll();
      if (started || closed) {
        return;
      }
      closed = true;
    }
    service.forget(this);
    response.onError(
        Refusal.precondition("STREAM", "open", "the stream was half-closed before it was opened"));
  }

  /** Whether mouths were asked for just now. */
  boolean isSpeaking(long nowNanos) {
    return nowNanos - spokeNanos < SPEAKING_NANOS;
  }

  synchronized void wake() {
    notifyAll();
  }

  /** The client is gone. */
  void cancel() {
    boolean unused;
    synchronized (this) {
      closed = true;
      unused = !started;
      notifyAll();
    }
    if (unused) {
      service.forget(this);
    }
  }

  /** Refuses a stream that has not begun. */
  void fail(StatusRuntimeException refusal) {
    synchronized (this) {
      closed = true;
    }
    service.forget(this);
    response.onError(refusal);
  }

  /** Ends the stream because the server stops. */
  void stop() {
    synchronized (this) {
      stopping = Status.UNAVAILABLE.withDescription("the server is stopping").asRuntimeException();
      notifyAll();
      long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
      while (started && !released && System.nanoTime() < patience) {
        try {
          wait(LONGEST_WAIT_MILLIS);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }
  }

  // The stream's thread.

  private void run() {
    try {
      while (turn()) {}
      if (leave()) {
        response.onCompleted();
      }
    } catch (StatusRuntimeException e) {
      end(e);
    } catch (LipstreamException e) {
      end(Refusal.of(e));
    } catch (InterruptedException e) {
      end(Status.CANCELLED.withDescription("interrupted").asRuntimeException());
    } catch (RuntimeException | Error e) {
      LOG.error("a compositing stream broke down", e);
      end(Status.INTERNAL.withDescription("the stream broke down: " + e).asRuntimeException());
    } finally {
      release();
    }
  }

  private void end(StatusRuntimeException status) {
    if (leave()) {
      try {
        response.onError(status);
      } catch (IllegalStateException e) {
        LOG.debug("the client was gone", e);
      }
    }
  }

  /** Whether the client is still there to be told how it ends. */
  private synchronized boolean leave() {
    boolean there = !closed;
    closed = true;
    notifyAll();
    return there;
  }

  private void release() {
    if (mouths != null) {
      mouths.close();
    }
    if (plan != null) {
      plan.close();
    }
    if (pictures != null) {
      pictures.close();
    }
    if (use != null) {
      use.close();
    }
    synchronized (this) {
      released = true;
      notifyAll();
    }
    service.forget(this);
  }

  /** What is to be done next. */
  private enum Task {
    END,
    FLUSH,
    SEND,
    REST,
    READ,
    PLAN,
    CATCH_UP
  }

  /** Waits for something to do and does it; false at the end. */
  private boolean turn() throws InterruptedException {
    Task task;
    CompositeRequest message = CompositeRequest.getDefaultInstance();
    int flushed = 0;
    boolean more = false;
    synchronized (this) {
      task = task();
      while (task == null) {
        long nanos = Math.clamp(nanosToNext(), 200_000L, LONGEST_WAIT_MILLIS * 1_000_000L);
        TimeUnit.NANOSECONDS.timedWait(this, nanos);
        task = task();
      }
      if (task == Task.FLUSH) {
        flushed = flushes;
        flushes = 0;
        more = requestOwed;
        requestOwed = false;
      } else if (task == Task.READ) {
        message = inbox.remove();
        inboxBytes -= cost(message);
        if (requestOwed && inboxBytes < MAX_INBOX_BYTES / 2) {
          requestOwed = false;
          more = true;
        }
      }
    }
    if (more) {
      response.request(1);
    }
    switch (task) {
      case END -> {
        return false;
      }
      case FLUSH -> flush(flushed);
      case SEND -> send(shots.remove());
      case REST -> rest();
      case READ -> read(message);
      case PLAN -> plan();
      case CATCH_UP -> catchUp();
    }
    return true;
  }

  /** Called with the lock; null for none at this moment. */
  private @Nullable Task task() {
    if (stopping != null) {
      throw stopping;
    }
    if (closed) {
      return Task.END;
    }
    boolean opened = use != null;
    boolean flush = opened && flushes > 0;
    boolean ready = response.isReady();
    if (ready) {
      unreadSinceNanos = 0;
    } else if (flush || (opened && isSomethingToSend())) {
      requireReader();
    }
    if (flush) {
      return ready ? Task.FLUSH : null;
    }
    if (ready && opened && isSomethingToSend()) {
      return shots.isEmpty() || (open.getIdleFrames() && shots.peek().number > nextSent)
          ? Task.REST
          : Task.SEND;
    }
    if (shots.size() < SHOTS_AHEAD) {
      if (soundAt < sound.size()) {
        return Task.PLAN;
      }
      if (!inbox.isEmpty()) {
        // Some messages are answered at once.
        return ready ? Task.READ : null;
      }
      if (soundUnflushed) {
        return Task.CATCH_UP;
      }
      if (halfClosed && plan != null) {
        inbox.add(
            CompositeRequest.newBuilder().setEndOfSound(EndOfSound.getDefaultInstance()).build());
        return Task.READ;
      }
      if (halfClosed && shots.isEmpty()) {
        return Task.END;
      }
    }
    return null;
  }

  private void requireReader() {
    long now = System.nanoTime();
    if (unreadSinceNanos == 0) {
      unreadSinceNanos = now;
    } else if (now - unreadSinceNanos > parts.settings().stalledAfter().toNanos()) {
      throw Refusal.exhausted(
          "the client has read nothing for "
              + parts.settings().stalledAfter().toSeconds()
              + " s while pictures were ready",
          RETRY);
    }
  }

  private boolean isSomethingToSend() {
    Shot first = shots.peek();
    if (!live) {
      return first != null && first.state != State.QUEUED;
    }
    if (first == null && !(open.getIdleFrames() && clock.runs())) {
      return false;
    }
    return System.nanoTime() - clock.dueNanos(nextSent) >= 0;
  }

  private long nanosToNext() {
    return live && clock.runs() && (!shots.isEmpty() || open.getIdleFrames())
        ? clock.dueNanos(nextSent) - System.nanoTime()
        : LONGEST_WAIT_MILLIS * 1_000_000L;
  }

  private void read(CompositeRequest request) {
    CompositeRequest.MessageCase kind = request.getMessageCase();
    if (use == null && kind != CompositeRequest.MessageCase.OPEN) {
      throw Refusal.precondition(
          "STREAM", "open", "the first message of a stream must be open, not " + kind);
    }
    switch (kind) {
      case OPEN -> open(request.getOpen());
      case SOUND -> sound(request.getSound());
      case END_OF_SOUND -> endUtterance();
      case FLUSH -> throw new IllegalStateException("a flush waits for nobody");
      case MESSAGE_NOT_SET -> throw Refusal.invalid("message", "is missing");
    }
  }

  private void open(OpenComposite request) {
    if (use != null) {
      throw Refusal.invalid("open", "came twice");
    }
    RequestCheck.open(request);
    open = request;
    live = request.getPace() == Pace.REAL_TIME;
    int rateHz = request.getSampleRateHz() == 0 ? 16_000 : request.getSampleRateHz();
    format = new PcmFormat(rateHz, Math.max(1, request.getChannels()));
    Actors.Use opened = parts.actors().use(request.getAvatar());
    use = opened;
    Actor actor = opened.actor();
    int fps = actor.manifest().fps();
    clock = new StreamClock(1_000_000_000L / fps, request.getIdleFrames());
    mouths =
        CompositingService.openEngine(
            parts.engine(), actor.manifest().name(), request.getSession(), live);
    FramePictures made = new FramePictures(actor, request, parts);
    pictures = made;
    if (live && request.getIdleFrames()) {
      clock.start(0);
    }
    say(
        CompositeResponse.newBuilder()
            .setOpened(
                CompositeOpened.newBuilder()
                    .setWidthPx(made.widthPx())
                    .setHeightPx(made.heightPx())
                    .setFramesPerSecond(fps)
                    .setAvatarFrames(actor.frames().frameCount())
                    .setSampleRateHz(format.sampleRateHz())
                    .setChannels(format.channels())
                    .setServerVersion(parts.settings().version())
                    .setLookAheadMs(RequestCheck.lookAhead(request).millis()))
            .build());
  }

  private void sound(ByteString bytes) {
    RequestCheck.sound(bytes, format);
    sound = bytes;
    soundAt = 0;
  }

  /** Plans one frame's time of the sound that is there. */
  private void plan() {
    int frameBytes = Short.BYTES * format.channels();
    int most = format.sampleRateHz() / actor().manifest().fps() * frameBytes;
    int bytes = Math.min(most, sound.size() - soundAt);
    int count = bytes / Short.BYTES;
    if (samples.length < count) {
      samples = new float[count];
    }
    Pcm16.read(sound, soundAt, count, samples);
    soundAt += bytes;
    soundUnflushed = true;
    FramePlan planned = currentPlan();
    long before = System.nanoTime();
    planned.add(samples, count / format.channels());
    planNanos += System.nanoTime() - before;
    if (live) {
      catchUp();
    }
  }

  private FramePlan currentPlan() {
    FramePlan known = plan;
    if (known == null) {
      known =
          new FramePlan(
              actor().audioEncoder(),
              actor().manifest(),
              format,
              RequestCheck.lookAhead(open),
              this);
      plan = known;
      utteranceFrames = 0;
      newest = null;
    }
    return known;
  }

  /** No more sound waits, so nothing is gained by waiting for a fuller batch. */
  private void catchUp() {
    soundUnflushed = false;
    FramePlan known = plan;
    if (known != null) {
      long before = System.nanoTime();
      known.flush();
      planNanos += System.nanoTime() - before;
    }
  }

  private void endUtterance() {
    soundUnflushed = false;
    FramePlan known = plan;
    if (known == null) {
      ended(0);
      return;
    }
    known.finish();
    known.close();
    plan = null;
    Shot last = newest;
    if (last != null && shots.contains(last)) {
      last.last = true;
    } else {
      ended(utteranceFrames);
    }
  }

  private void ended(long frames) {
    say(
        CompositeResponse.newBuilder()
            .setUtteranceEnded(UtteranceEnded.newBuilder().setFrames(frames))
            .build());
  }

  @Override
  public void frame(
      long number,
      float mouthWeight,
      float @Nullable [] window,
      float[] interleaved,
      int soundOffset,
      int soundFrames) {
    Shot shot = spare.poll();
    if (shot == null) {
      shot = new Shot(actor().spec(), this::wake);
    }
    shot.number = place();
    shot.avatarFrame = actor().frameIndex(shot.number);
    shot.weight = mouthWeight;
    shot.sound = Pcm16.write(interleaved, soundOffset, soundFrames * format.channels());
    shot.featuresNanos = planNanos;
    shot.last = false;
    shot.waitNanos = 0;
    planNanos = 0;
    shots.add(shot);
    newest = shot;
    if (window == null) {
      shot.state = State.RESTING;
      return;
    }
    spokeNanos = System.nanoTime();
    System.arraycopy(window, 0, shot.window, 0, window.length);
    shot.ask(actor());
    long deadline = live ? clock.dueNanos(shot.number) : Long.MAX_VALUE;
    if (mouths != null && !mouths.submit(shot.frame, deadline)) {
      shot.state = State.MISSING;
    }
  }

  /** The number of the next planned frame; in real time one that is not over yet. */
  private long place() {
    long number = live ? clock.place(nextPlanned, shots.isEmpty()) : nextPlanned;
    nextPlanned = number + 1;
    return number;
  }

  @Override
  public void end(float[] interleaved, int soundOffset, int soundFrames) {
    Shot last = newest;
    if (last != null && soundFrames > 0 && shots.contains(last)) {
      last.sound =
          last.sound.concat(Pcm16.write(interleaved, soundOffset, soundFrames * format.channels()));
    }
  }

  private void flush(int count) {
    FramePlan known = plan;
    if (known != null) {
      known.close();
      plan = null;
    }
    if (mouths != null) {
      mouths.flush();
    }
    int dropped = shots.size();
    // Their numbers are given again, unless time has passed over them.
    nextPlanned = nextSent;
    shots.clear();
    newest = null;
    sound = ByteString.EMPTY;
    soundAt = 0;
    soundUnflushed = false;
    clock.flush();
    for (int i = 0; i < count; i++) {
      say(
          CompositeResponse.newBuilder()
              .setFlushed(CompositeFlushed.newBuilder().setDroppedFrames(i == 0 ? dropped : 0))
              .build());
    }
  }

  /** Sends a planned frame, whose time has come. */
  private void send(Shot shot) {
    CompositeFrame.Mouth how = CompositeFrame.Mouth.RESTING;
    State state = shot.state;
    if (state == State.DRAWN) {
      pictures().take(shot);
      how = CompositeFrame.Mouth.DRAWN;
    } else if (state != State.RESTING) {
      if (!live) {
        throw Refusal.of(
            new LipstreamException(
                LipstreamException.Kind.ENVIRONMENT,
                "the mouth of frame " + shot.number + " was not drawn: " + shot.outcome,
                "do the inference servers answer? their logs say more"));
      }
      how = CompositeFrame.Mouth.HELD;
    }
    clock.sends(nextSent);
    nextSent = shot.number + 1;
    CompositeFrame.Builder frame =
        pictures()
            .draw(shot.number, shot.avatarFrame, state == State.RESTING ? 0 : shot.weight)
            .setSound(shot.sound)
            .setMouth(how)
            .setFeaturesUs(FramePictures.micros(shot.featuresNanos))
            .setInferenceWaitUs(FramePictures.micros(shot.waitNanos));
    utteranceFrames++;
    say(CompositeResponse.newBuilder().setFrame(frame).build());
    parts.sent(how == CompositeFrame.Mouth.HELD);
    if (shot.last) {
      ended(utteranceFrames);
    }
    if (state == State.QUEUED) {
      // The engine may still write into it.
      return;
    }
    spare.add(shot);
  }

  /** Sends the avatar at rest, or on the way there. */
  private void rest() {
    clock.sends(nextSent);
    CompositeFrame.Builder frame = pictures().rest(nextSent++);
    nextPlanned = Math.max(nextPlanned, nextSent);
    say(CompositeResponse.newBuilder().setFrame(frame).build());
    parts.sent(false);
  }

  private FramePictures pictures() {
    if (pictures == null) {
      throw new IllegalStateException("no avatar is open");
    }
    return pictures;
  }

  private Actor actor() {
    if (use == null) {
      throw new IllegalStateException("no avatar is open");
    }
    return use.actor();
  }

  private void say(CompositeResponse message) {
    synchronized (this) {
      if (closed) {
        return;
      }
    }
    try {
      response.onNext(message);
    } catch (StatusRuntimeException | IllegalStateException e) {
      // The client has gone; what cancel() says is on its way.
      LOG.debug("nobody hears any more", e);
    }
  }
}
