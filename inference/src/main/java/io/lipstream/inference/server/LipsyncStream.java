package io.lipstream.inference.server;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.audio.FeatureWindows;
import io.lipstream.media.wire.lipsync.Flushed;
import io.lipstream.media.wire.lipsync.Frame;
import io.lipstream.media.wire.lipsync.LipsyncRequest;
import io.lipstream.media.wire.lipsync.LipsyncResponse;
import io.lipstream.media.wire.lipsync.Open;
import io.lipstream.media.wire.lipsync.Opened;
import io.lipstream.media.wire.lipsync.Resume;
import io.lipstream.media.wire.lipsync.Sound;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One session's stream of frames.
 *
 * <pre>
 *   messages ──> waiting (for sound) ──> engine ──> ready ──> sender ──> client
 *                    └────────────── unanswered, bounded ──────┘
 * </pre>
 *
 * Messages come one at a time on the call's own thread, which fills windows and submits frames. The
 * engine's workers say when a frame is finished; a thread of the call's executor then sends it, as
 * fast as the client reads. A client that leaves more frames unanswered than it was told loses its
 * stream, and so does one that does not read for too long: what a stream holds is bounded whatever
 * its client does.
 *
 * <p>Locks: {@code sending} is held while something is written to the client, {@code this} guards
 * the queues and is never held while anything is called.
 */
final class LipsyncStream implements StreamObserver<LipsyncRequest> {
  private static final int FEATURE_BYTES = AudioEncoder.FEATURE_FLOATS * Float.BYTES;
  private static final int WINDOW_BYTES = FeatureWindows.WINDOW_FLOATS * Float.BYTES;

  /** A minute of features ahead of the frames. */
  private static final int MAX_ROWS = 1500;

  /** Ten seconds; more comes in several messages. */
  private static final int MAX_PCM_BYTES = 320_000;

  private static final int MAX_DEADLINE_US = Integer.MAX_VALUE;

  /** Far from where sums of indices overflow. */
  private static final long MAX_INDEX = 1L << 60;

  private final LipsyncService service;
  private final ServerCallStreamObserver<LipsyncResponse> response;
  private final LongSupplier clock;
  private final Object sending = new Object();

  // The call's thread alone.
  private @Nullable FeatureRows rows;
  private @Nullable SpokenFeatures spoken;
  private final float[] feature = new float[AudioEncoder.FEATURE_FLOATS];
  private final float[] lastWindow = new float[FeatureWindows.WINDOW_FLOATS];
  private boolean hasLastWindow;
  private boolean soundIsPcm;
  private boolean soundHasCome;
  private String audioEncoderId = "";
  private long lastIndex = -1;
  private long utteranceStart = -1;
  private final Deque<LipsyncFrame> waiting = new ArrayDeque<>();

  // Guarded by this.
  private @Nullable LipsyncSession session;
  private final Deque<LipsyncFrame> free = new ArrayDeque<>();
  private final Deque<LipsyncFrame> ready = new ArrayDeque<>();
  private int made;

  /** Frames of the running epoch that were not answered; a flush begins another epoch. */
  private int unanswered;

  private int unansweredBeforeFlush;
  private int flushesToConfirm;
  private int epoch;
  private boolean noMoreFrames;
  private boolean closed;
  private long lastProgressNanos;

  LipsyncStream(
      LipsyncService service,
      ServerCallStreamObserver<LipsyncResponse> response,
      LongSupplier clock) {
    this.service = service;
    this.response = response;
    this.clock = clock;
    lastProgressNanos = clock.getAsLong();
  }

  @Override
  public void onNext(LipsyncRequest request) {
    if (isClosed()) {
      return;
    }
    try {
      if (session() == null && request.getMessageCase() != LipsyncRequest.MessageCase.OPEN) {
        throw Refusal.precondition(
            "STREAM",
            "open",
            "the first message of a stream must be open, not " + request.getMessageCase());
      }
      switch (request.getMessageCase()) {
        case OPEN -> open(request.getOpen());
        case FRAME -> frame(request.getFrame());
        case SOUND -> sound(request.getSound());
        case FLUSH -> flush();
        case END_OF_UTTERANCE -> endUtterance();
        case MESSAGE_NOT_SET -> throw Refusal.invalid("message", "is missing");
      }
    } catch (StatusRuntimeException e) {
      fail(e);
    } catch (LipstreamException e) {
      fail(Refusal.of(e));
    }
  }

  private void open(Open open) {
    if (session() != null) {
      throw Refusal.invalid("open", "came twice");
    }
    int lookAhead = open.hasLookAhead() ? open.getLookAhead() : FeatureRows.MAX_LOOK_AHEAD;
    if (lookAhead < 0 || lookAhead > FeatureRows.MAX_LOOK_AHEAD) {
      throw Refusal.invalid(
          "open.look_ahead",
          "must be from 0 to "
              + FeatureRows.MAX_LOOK_AHEAD
              + "; it is "
              + Integer.toUnsignedString(lookAhead));
    }
    audioEncoderId = open.getAudioEncoderId();
    rows = new FeatureRows(lookAhead, MAX_ROWS);
    rows.begin(0);
    if (open.hasResume()) {
      resume(open.getResume(), rows);
    }
    LipsyncSession opened = service.openSession(open);
    boolean tooLate;
    synchronized (this) {
      tooLate = closed;
      session = tooLate ? null : opened;
    }
    if (tooLate) {
      opened.close();
      return;
    }
    send(
        LipsyncResponse.newBuilder()
            .setOpened(
                Opened.newBuilder()
                    .setMaxUnansweredFrames(service.maxUnanswered())
                    .setSidePx(opened.visuals().sidePx())
                    .setAvatarFrames(opened.visuals().frameCount())
                    .setServerVersion(service.version()))
            .build());
  }

  private void resume(Resume resume, FeatureRows target) {
    if (resume.getNextIndex() < 0 || resume.getNextIndex() > MAX_INDEX) {
      throw Refusal.invalid(
          "open.resume.next_index",
          "must be from 0 to " + MAX_INDEX + "; it is " + resume.getNextIndex());
    }
    if (resume.getUtteranceStart() < 0 || resume.getUtteranceStart() > resume.getNextIndex()) {
      throw Refusal.invalid(
          "open.resume.utterance_start",
          "must be from 0 to next_index; it is " + resume.getUtteranceStart());
    }
    long nextFrame = resume.getNextIndex() - resume.getUtteranceStart();
    if (resume.getFirstFeature() < 0 || resume.getFirstFeature() > nextFrame) {
      throw Refusal.invalid(
          "open.resume.first_feature",
          "must be from 0 to next_index - utterance_start; it is " + resume.getFirstFeature());
    }
    lastIndex = resume.getNextIndex() - 1;
    utteranceStart = resume.getUtteranceStart();
    target.begin(resume.getFirstFeature());
  }

  private void frame(Frame request) {
    LipsyncSession opened = opened();
    check(request, opened);
    LipsyncFrame frame = take(request, opened);
    switch (request.getSoundCase()) {
      case FEATURE -> {
        beforeSound(false);
        place(frame);
        feature("frame.feature", request.getFeature());
      }
      case PCM -> {
        beforeSound(true);
        place(frame);
        pcm("frame.pcm", request.getPcm());
      }
      case WINDOW -> {
        FloatBytes.copy(request.getWindow(), lastWindow, 0);
        submitWindow(frame);
      }
      case NEXT_ROW -> {
        System.arraycopy(
            lastWindow,
            AudioEncoder.FEATURE_FLOATS,
            lastWindow,
            0,
            lastWindow.length - AudioEncoder.FEATURE_FLOATS);
        FloatBytes.copy(
            request.getNextRow(), lastWindow, lastWindow.length - AudioEncoder.FEATURE_FLOATS);
        submitWindow(frame);
      }
      case SOUND_NOT_SET -> place(frame);
    }
    submitCovered();
  }

  private void check(Frame request, LipsyncSession opened) {
    if (request.getIndex() <= lastIndex || request.getIndex() > MAX_INDEX) {
      throw Refusal.invalid(
          "frame.index",
          "must be larger than "
              + lastIndex
              + ", the last one, and at most "
              + MAX_INDEX
              + "; it is "
              + request.getIndex());
    }
    int frames = opened.visuals().frameCount();
    if (request.getAvatarFrame() < 0 || request.getAvatarFrame() >= frames) {
      throw Refusal.invalid(
          "frame.avatar_frame",
          "must be less than "
              + frames
              + ", as many as the avatar has; it is "
              + Integer.toUnsignedString(request.getAvatarFrame()));
    }
    if (request.getDeadlineUs() < 0 || request.getDeadlineUs() > MAX_DEADLINE_US) {
      throw Refusal.invalid(
          "frame.deadline_us",
          "must be from 0 to " + MAX_DEADLINE_US + "; it is " + request.getDeadlineUs());
    }
    switch (request.getSoundCase()) {
      case FEATURE -> requireBytes("frame.feature", request.getFeature(), FEATURE_BYTES);
      case PCM -> requirePcm("frame.pcm", request.getPcm());
      case WINDOW -> requireBytes("frame.window", request.getWindow(), WINDOW_BYTES);
      case NEXT_ROW -> {
        requireBytes("frame.next_row", request.getNextRow(), FEATURE_BYTES);
        if (!hasLastWindow) {
          throw Refusal.invalid("frame.next_row", "needs a frame with a window before it");
        }
      }
      case SOUND_NOT_SET -> {}
    }
  }

  private static void requireBytes(String field, ByteString bytes, int expected) {
    if (bytes.size() != expected) {
      throw Refusal.invalid(
          field,
          "must hold "
              + expected / Float.BYTES
              + " float32, "
              + expected
              + " bytes; it holds "
              + bytes.size());
    }
  }

  private static void requirePcm(String field, ByteString bytes) {
    if (bytes.size() % Short.BYTES != 0 || bytes.size() > MAX_PCM_BYTES) {
      throw Refusal.invalid(
          field,
          "must hold 16-bit samples, at most "
              + MAX_PCM_BYTES
              + " bytes of them; it holds "
              + bytes.size());
    }
  }

  /** Puts a frame among those that wait for the sound around them. */
  private void place(LipsyncFrame frame) {
    if (utteranceStart < 0) {
      utteranceStart = frame.index();
    }
    waiting.add(frame);
  }

  private void submitWindow(LipsyncFrame frame) {
    hasLastWindow = true;
    System.arraycopy(lastWindow, 0, frame.window(), 0, lastWindow.length);
    submit(frame);
  }

  private void sound(Sound request) {
    switch (request.getSoundCase()) {
      case FEATURE -> {
        requireBytes("sound.feature", request.getFeature(), FEATURE_BYTES);
        beforeSound(false);
        feature("sound.feature", request.getFeature());
      }
      case PCM -> {
        requirePcm("sound.pcm", request.getPcm());
        beforeSound(true);
        pcm("sound.pcm", request.getPcm());
      }
      case SOUND_NOT_SET ->
          throw Refusal.invalid("sound", "is empty: a feature or PCM is expected");
    }
    submitCovered();
  }

  /** Sound after the end of an utterance starts another; one utterance has one kind of sound. */
  private void beforeSound(boolean pcm) {
    if (rows().ended()) {
      newUtterance();
    }
    if (soundHasCome && soundIsPcm != pcm) {
      throw Refusal.invalid(
          "sound", "of one utterance must be all features or all PCM, and this one has both");
    }
    soundHasCome = true;
    soundIsPcm = pcm;
  }

  private void feature(String field, ByteString bytes) {
    FloatBytes.copy(bytes, feature, 0);
    addRow(field, feature);
  }

  private void addRow(String field, float[] values) {
    if (!rows().add(values)) {
      throw Refusal.exhausted(
          field + " runs more than a minute ahead of the frames asked for",
          LipsyncService.RETRY_WHEN_SLOW);
    }
  }

  private void pcm(String field, ByteString bytes) {
    if (spoken == null) {
      if (audioEncoderId.isEmpty()) {
        throw Refusal.precondition(
            "AUDIO_ENCODER",
            "open.audio_encoder_id",
            field + " needs an audio encoder: name its model in open.audio_encoder_id");
      }
      SpokenFeatures opened = service.openEncoder(audioEncoderId, values -> addRow(field, values));
      boolean tooLate;
      synchronized (this) {
        tooLate = closed;
        spoken = opened;
      }
      if (tooLate) {
        opened.close();
        return;
      }
    }
    spoken.push(bytes);
  }

  private void endUtterance() {
    if (spoken != null && soundIsPcm && !rows().ended()) {
      spoken.finish();
    }
    rows().end();
    submitCovered();
    soundHasCome = false;
  }

  private void newUtterance() {
    rows().begin(0);
    utteranceStart = -1;
    soundHasCome = false;
    hasLastWindow = false;
    if (spoken != null) {
      spoken.reset();
    }
  }

  private void flush() {
    LipsyncSession opened = opened();
    synchronized (this) {
      epoch++;
      unansweredBeforeFlush += unanswered;
      unanswered = 0;
      flushesToConfirm++;
      ready.forEach(LipsyncFrame::drop);
    }
    while (!waiting.isEmpty()) {
      waiting.poll().done(Outcome.FLUSHED, 0, 0, 0);
    }
    opened.frames().flush();
    newUtterance();
    service.execute(this::send);
  }

  /** Gives the engine the frames whose windows are complete, in their order. */
  private void submitCovered() {
    FeatureRows held = rows();
    while (!waiting.isEmpty() && held.covers(waiting.peek().index() - utteranceStart)) {
      LipsyncFrame frame = waiting.remove();
      held.copyWindow(frame.index() - utteranceStart, frame.window());
      submit(frame);
    }
    if (utteranceStart >= 0) {
      long next = waiting.isEmpty() ? lastIndex + 1 : waiting.peek().index();
      held.forgetBefore(next - utteranceStart);
    }
  }

  private void submit(LipsyncFrame frame) {
    if (!opened().frames().submit(frame, frame.deadlineNanos())) {
      frame.done(Outcome.FAILED, 0, 0, 0);
    }
  }

  private LipsyncFrame take(Frame request, LipsyncSession opened) {
    LipsyncFrame frame;
    int frameEpoch;
    synchronized (this) {
      frame = free.poll();
      if (frame == null && made == service.maxUnanswered()) {
        throw Refusal.exhausted(
            made
                + " frames are unanswered, as many as may be: the client sends faster than the"
                + " server computes or than it reads",
            LipsyncService.RETRY_WHEN_SLOW);
      }
      if (frame == null) {
        made++;
      }
      unanswered++;
      frameEpoch = epoch;
    }
    if (frame == null) {
      frame = new LipsyncFrame(this, opened);
    }
    lastIndex = request.getIndex();
    frame.begin(request, clock.getAsLong(), frameEpoch);
    return frame;
  }

  /** Hears from a worker of the engine, or from the call's thread, that a frame has ended. */
  void finished(LipsyncFrame frame) {
    synchronized (this) {
      if (closed) {
        return;
      }
      if (ready.isEmpty()) {
        lastProgressNanos = clock.getAsLong();
      }
      if (frame.epoch() != epoch) {
        frame.drop();
      }
      ready.add(frame);
    }
    service.execute(this::send);
  }

  /** Sends what is ready, for as long as the client takes it. */
  void send() {
    synchronized (sending) {
      while (!isClosed() && response.isReady()) {
        LipsyncFrame frame;
        synchronized (this) {
          frame = ready.poll();
        }
        if (frame == null) {
          confirmFlushes();
          completeIfDone();
          return;
        }
        response.onNext(frame.answer());
        answered(frame);
      }
    }
  }

  private void answered(LipsyncFrame frame) {
    synchronized (this) {
      lastProgressNanos = clock.getAsLong();
      if (frame.epoch() == epoch) {
        unanswered--;
      } else {
        unansweredBeforeFlush--;
      }
      free.add(frame);
    }
    confirmFlushes();
  }

  private void confirmFlushes() {
    int confirmed = 0;
    synchronized (this) {
      if (unansweredBeforeFlush == 0) {
        confirmed = flushesToConfirm;
        flushesToConfirm = 0;
      }
    }
    for (int i = 0; i < confirmed; i++) {
      response.onNext(
          LipsyncResponse.newBuilder().setFlushed(Flushed.getDefaultInstance()).build());
    }
  }

  private void completeIfDone() {
    synchronized (this) {
      if (closed || !noMoreFrames || unanswered + unansweredBeforeFlush > 0) {
        return;
      }
      closed = true;
    }
    // What it held is free before the client hears the end: whoever opens one after the other finds
    // room.
    release();
    response.onCompleted();
  }

  private void send(LipsyncResponse message) {
    synchronized (sending) {
      if (!isClosed()) {
        response.onNext(message);
      }
    }
  }

  @Override
  public void onCompleted() {
    if (isClosed()) {
      return;
    }
    try {
      if (session() != null && rows != null) {
        endUtterance();
      }
    } catch (StatusRuntimeException e) {
      fail(e);
      return;
    } catch (LipstreamException e) {
      fail(Refusal.of(e));
      return;
    }
    synchronized (this) {
      noMoreFrames = true;
    }
    service.execute(this::send);
  }

  @Override
  public void onError(Throwable cancelled) {
    cancel();
  }

  /** The client is gone: nothing is sent any more once this has returned. */
  void cancel() {
    synchronized (sending) {
      synchronized (this) {
        if (closed) {
          return;
        }
        closed = true;
      }
    }
    release();
  }

  /** Ends the stream with a status. */
  void fail(StatusRuntimeException refusal) {
    synchronized (sending) {
      synchronized (this) {
        if (closed) {
          return;
        }
        closed = true;
      }
      response.onError(refusal);
    }
    release();
  }

  /** Ends a stream whose client has taken nothing for too long. */
  void failIfStalled(long nowNanos, long limitNanos) {
    synchronized (this) {
      if (closed || ready.isEmpty() || nowNanos - lastProgressNanos < limitNanos) {
        return;
      }
    }
    fail(
        Refusal.exhausted(
            "the client has read nothing for "
                + limitNanos / 1_000_000_000
                + " s while pictures were ready",
            LipsyncService.RETRY_WHEN_SLOW));
  }

  /** Ends the stream because the server stops. */
  void stop() {
    fail(Status.UNAVAILABLE.withDescription("the server is stopping").asRuntimeException());
  }

  /** Frees what the session holds; after closed was set, so once. */
  private void release() {
    LipsyncSession opened;
    SpokenFeatures sound;
    synchronized (this) {
      opened = session;
      sound = spoken;
    }
    try {
      if (opened != null) {
        opened.close();
      }
      if (sound != null) {
        sound.close();
      }
    } finally {
      service.forget(this);
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private synchronized @Nullable LipsyncSession session() {
    return session;
  }

  private LipsyncSession opened() {
    LipsyncSession opened = session();
    if (opened == null) {
      throw new IllegalStateException("no session is open");
    }
    return opened;
  }

  private FeatureRows rows() {
    if (rows == null) {
      throw new IllegalStateException("no session is open");
    }
    return rows;
  }
}
