package io.lipstream.inference.client;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.lipstream.inference.PictureTensor.Values;
import io.lipstream.inference.engine.Frame;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.ModelShape;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.inference.lipsync.MouthFrame;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.FeatureWindows;
import io.lipstream.media.lipsync.ReferenceCrops;
import io.lipstream.media.picture.Rect;
import io.lipstream.media.wire.lipsync.Flush;
import io.lipstream.media.wire.lipsync.InferenceGrpc;
import io.lipstream.media.wire.lipsync.LipsyncRequest;
import io.lipstream.media.wire.lipsync.LipsyncResponse;
import io.lipstream.media.wire.lipsync.Mouth;
import io.lipstream.media.wire.lipsync.Open;
import io.lipstream.media.wire.lipsync.PictureType;
import io.lipstream.media.wire.lipsync.Priority;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session's mouths, drawn by whichever server of a fleet has the least to do; when that goes
 * away, what it has not answered is asked of another, as long as its deadline allows.
 *
 * <p>Every frame carries its whole window, so that it means the same to every server. Frames end in
 * their order, one at a time.
 */
final class FleetStream implements FrameStream {
  private static final Logger LOG = LoggerFactory.getLogger(FleetStream.class);

  /** Until the server says how many it takes. */
  private static final int FIRST_UNANSWERED = 16;

  /** How long a server that refused this session is not asked again. */
  private static final long SHUN_NANOS = 2_000_000_000L;

  /** How long one is left alone that broke a stream off, as servers do that stop. */
  private static final long PAUSE_NANOS = 200_000_000;

  private static final int MAX_DEADLINE_US = Integer.MAX_VALUE;

  /** What a server must know of an avatar. */
  record Visuals(ReferenceCrops crops, Rect mask, Values values) {}

  /** A frame that was submitted and has not ended. */
  private static final class Waiting {
    final MouthFrame frame;
    final AskedFrame asked;
    final long deadlineNanos;
    final long submittedNanos;
    boolean sent;

    Waiting(MouthFrame frame, AskedFrame asked, long deadlineNanos, long submittedNanos) {
      this.frame = frame;
      this.asked = asked;
      this.deadlineNanos = deadlineNanos;
      this.submittedNanos = submittedNanos;
    }
  }

  /** How a frame ended, to be told. */
  private record Ended(
      Waiting waiting, Outcome outcome, ByteString picture, long queueNanos, Mouth mouth) {}

  private final FleetEngine fleet;
  private final StreamRequest request;

  // All below is guarded by this.
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private final Deque<Ended> ended = new ArrayDeque<>();
  private final Map<FleetServer, Long> shunned = new HashMap<>();
  private @Nullable Thread ending;
  private @Nullable Visuals visuals;
  private @Nullable Connection connection;
  private boolean connecting;
  private boolean unhurried;
  private long nextIndex;
  private boolean closed;

  /**
   * A stream without a server.
   *
   * @param visuals of the avatar, where they are known before the first frame
   */
  FleetStream(FleetEngine fleet, StreamRequest request, @Nullable Visuals visuals) {
    this.fleet = fleet;
    this.request = request;
    this.visuals = visuals;
  }

  /** The servers' own business, which no frame of this stream needs. */
  @Override
  public ModelShape shape() {
    return new ModelShape(List.of(), List.of());
  }

  @Override
  public boolean submit(Frame frame, long deadlineNanos) {
    if (!(frame instanceof MouthFrame mouth)) {
      throw new IllegalArgumentException("inference servers draw mouths, not " + frame.getClass());
    }
    synchronized (this) {
      if (closed || waiting.size() >= request.queueFrames()) {
        return false;
      }
      see(new Visuals(mouth.references(), mouth.mask(), mouth.values()));
      AskedFrame asked =
          new AskedFrame(
              nextIndex++,
              mouth.frameIndex(),
              0,
              deadlineNanos,
              mouth.windows(),
              mouth.windowOffset(),
              NOBODY);
      waiting.add(new Waiting(mouth, asked, deadlineNanos, fleet.now()));
      sendWaiting();
    }
    connectIfNeeded();
    return true;
  }

  /** Frames are told here, not each by itself. */
  private static final LipsyncClient.Answer NOBODY =
      new LipsyncClient.Answer() {
        @Override
        public void mouth(Mouth mouth) {}

        @Override
        public void failed(LipstreamException why) {}
      };

  @Override
  public int submit(List<? extends Frame> frames, int count, long deadlineNanos) {
    int queued = 0;
    while (queued < count && submit(frames.get(queued), deadlineNanos)) {
      queued++;
    }
    return queued;
  }

  /** A server's stream is for one avatar; with another it begins anew. */
  private void see(Visuals seen) {
    if (seen.equals(visuals)) {
      return;
    }
    visuals = seen;
    drop();
  }

  private void drop() {
    Connection open = connection;
    connection = null;
    waiting.forEach(each -> each.sent = false);
    if (open != null) {
      open.leave();
      open.cancel();
    }
  }

  private void sendWaiting() {
    Connection open = connection;
    if (open == null || !open.opened) {
      return;
    }
    for (Iterator<Waiting> each = waiting.iterator();
        each.hasNext() && open.unanswered.size() < open.maxUnanswered; ) {
      Waiting next = each.next();
      if (!next.sent) {
        next.sent = true;
        open.send(next);
      }
    }
  }

  boolean isFor(String modelId) {
    return request.modelId().equals(modelId);
  }

  /** Connects at once, if it is known to what. */
  void connectIfNeeded() {
    synchronized (this) {
      if (closed || connection != null || connecting || visuals == null) {
        return;
      }
      if (fleet.choose(request.modelId(), this::isShunned) == null) {
        return;
      }
      connecting = true;
    }
    Thread.ofVirtual().name("fleet-connect").start(this::connect);
  }

  private void connect() {
    Visuals wanted;
    synchronized (this) {
      wanted = visuals;
    }
    try {
      if (wanted == null) {
        return;
      }
      ByteString sum = fleet.sumOf(wanted);
      FleetServer server = fleet.choose(request.modelId(), this::isShunned);
      if (server != null) {
        open(server, wanted, sum);
      }
    } catch (RuntimeException e) {
      LOG.warn("session {}: no inference server can be asked", request.session(), e);
      failAll();
    } finally {
      synchronized (this) {
        connecting = false;
      }
    }
  }

  private void open(FleetServer server, Visuals wanted, ByteString sum) {
    Connection next = new Connection(server, wanted, sum, server.timesSent(sum));
    boolean calm;
    synchronized (this) {
      if (closed || connection != null || !wanted.equals(visuals)) {
        return;
      }
      connection = next;
      calm = unhurried;
    }
    next.enter();
    InferenceGrpc.newStub(server.channel()).lipsync(next);
    next.say(
        LipsyncRequest.newBuilder()
            .setOpen(
                Open.newBuilder()
                    .setModelId(request.modelId())
                    .setAvatar(sum)
                    .setPictureType(pictureType(wanted.values()))
                    .setPriority(calm ? Priority.NORMAL : priority())
                    .setFramesPerSecond(calm ? 0 : request.framesPerSecond())
                    .setSession(request.session()))
            .build());
  }

  private static PictureType pictureType(Values values) {
    return switch (values) {
      case UINT8 -> PictureType.UINT8;
      case FLOAT16 -> PictureType.FLOAT16;
      case FLOAT32 -> PictureType.FLOAT32;
    };
  }

  private Priority priority() {
    return switch (request.priority()) {
      case LIVE -> Priority.LIVE;
      case NORMAL -> Priority.NORMAL;
      case BULK -> Priority.BULK;
    };
  }

  private synchronized boolean isShunned(FleetServer server) {
    Long until = shunned.get(server);
    return until != null && fleet.now() - until < 0;
  }

  /** Gives up what is too late, and looks for a server if there is none. */
  void tick(long nowNanos) {
    synchronized (this) {
      Waiting oldest = waiting.peek();
      while (oldest != null && isOver(oldest, nowNanos)) {
        Outcome outcome = oldest.deadlineNanos == Long.MAX_VALUE ? Outcome.FAILED : Outcome.LATE;
        end(waiting.remove(), outcome, Mouth.getDefaultInstance());
        oldest = waiting.peek();
      }
    }
    tellEnded();
    connectIfNeeded();
  }

  private boolean isOver(Waiting frame, long nowNanos) {
    if (frame.deadlineNanos != Long.MAX_VALUE) {
      return nowNanos - frame.deadlineNanos >= 0;
    }
    return connection == null
        && nowNanos - frame.submittedNanos >= fleet.settings().giveUpAfter().toNanos();
  }

  /** Guarded by this; told later, outside of it. */
  private void end(Waiting frame, Outcome outcome, Mouth mouth) {
    long queueNanos =
        outcome == Outcome.COMPUTED
            ? Math.max(0, fleet.now() - frame.submittedNanos - mouth.getServiceUs() * 1000L)
            : fleet.now() - frame.submittedNanos;
    ended.add(new Ended(frame, outcome, mouth.getPicture(), queueNanos, mouth));
  }

  /** Tells what has ended, in order: whoever is at it does it for all. */
  private void tellEnded() {
    synchronized (this) {
      if (ending != null) {
        return;
      }
      ending = Thread.currentThread();
    }
    while (true) {
      Ended next;
      synchronized (this) {
        next = ended.poll();
        if (next == null) {
          ending = null;
          notifyAll();
          return;
        }
      }
      tell(next);
    }
  }

  private void tell(Ended end) {
    Outcome outcome = end.outcome();
    MouthFrame frame = end.waiting().frame;
    if (outcome == Outcome.COMPUTED && !frame.take(end.picture())) {
      outcome = Outcome.FAILED;
    }
    boolean computed = outcome == Outcome.COMPUTED;
    fleet.events().frameEnded(request.modelId(), outcome, end.queueNanos());
    try {
      frame.done(
          outcome,
          end.queueNanos(),
          computed ? end.mouth().getServiceUs() * 1000L : 0,
          computed ? end.mouth().getBatch() : 0);
    } catch (RuntimeException e) {
      LOG.warn("session {} did not take a mouth", request.session(), e);
    }
  }

  @Override
  public void flush() {
    synchronized (this) {
      boolean asked = false;
      for (Waiting each : waiting) {
        asked |= each.sent;
        end(each, Outcome.FLUSHED, Mouth.getDefaultInstance());
      }
      waiting.clear();
      Connection open = connection;
      if (asked && open != null && open.opened) {
        open.flush();
      }
    }
    tellEnded();
  }

  private void failAll() {
    synchronized (this) {
      for (Waiting each : waiting) {
        end(each, Outcome.FAILED, Mouth.getDefaultInstance());
      }
      waiting.clear();
    }
    tellEnded();
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    flush();
    synchronized (this) {
      drop();
      boolean interrupted = false;
      while (ending != null && !ending.equals(Thread.currentThread())) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    fleet.forget(this);
  }

  private void opened(Connection from, int maxUnanswered) {
    synchronized (this) {
      if (connection == from) {
        from.opened = true;
        from.maxUnanswered = maxUnanswered;
        sendWaiting();
      }
    }
  }

  private void answered(Connection from, Mouth mouth) {
    synchronized (this) {
      from.answered(mouth.getIndex());
      Waiting oldest = waiting.peek();
      // Others were given up meanwhile.
      if (connection == from && oldest != null && oldest.asked.index() == mouth.getIndex()) {
        waiting.remove();
        end(oldest, outcomeOf(mouth), mouth);
      }
      sendWaiting();
    }
    tellEnded();
  }

  private static Outcome outcomeOf(Mouth mouth) {
    return switch (mouth.getOutcome()) {
      case COMPUTED -> Outcome.COMPUTED;
      case LATE -> Outcome.LATE;
      case FLUSHED -> Outcome.FLUSHED;
      case NOT_A_NUMBER -> Outcome.NOT_A_NUMBER;
      case FAILED, UNRECOGNIZED -> Outcome.FAILED;
    };
  }

  private void lost(Connection from, Status status, Throwable cause) {
    synchronized (this) {
      from.leave();
      if (connection != from) {
        return;
      }
      connection = null;
      waiting.forEach(each -> each.sent = false);
    }
    if (LipsyncClient.wantsPictures(cause)) {
      Thread.ofVirtual().name("fleet-upload").start(() -> upload(from));
      return;
    }
    switch (status.getCode()) {
      case UNAVAILABLE, DEADLINE_EXCEEDED -> from.server.missed(status);
      case RESOURCE_EXHAUSTED -> refused(from.server);
      case CANCELLED, ABORTED, INTERNAL, UNKNOWN -> shun(from.server, PAUSE_NANOS);
      default -> refusedForGood(from.server, status);
    }
    connectIfNeeded();
  }

  private void upload(Connection missing) {
    try {
      missing.server.send(missing.shown, missing.sum, missing.timesSent);
    } catch (StatusRuntimeException e) {
      LOG.warn(
          "the avatar's pictures were not taken by {}: {}",
          missing.server.address(),
          e.getStatus());
      shun(missing.server, SHUN_NANOS);
    } catch (RuntimeException e) {
      LOG.warn("the avatar's pictures cannot be sent", e);
      shun(missing.server, SHUN_NANOS);
    }
    connectIfNeeded();
  }

  private synchronized void shun(FleetServer server, long nanos) {
    shunned.put(server, fleet.now() + nanos);
  }

  /** It is full; where all are, one is asked for what the others leave. */
  private void refused(FleetServer server) {
    shun(server, SHUN_NANOS);
    Set<FleetServer> left = new HashSet<>(fleet.presentServers());
    synchronized (this) {
      left.removeIf(this::isShunned);
      if (left.isEmpty() && !unhurried) {
        unhurried = true;
        shunned.clear();
        LOG.warn("session {}: the servers are busy, mouths may be late", request.session());
      }
    }
  }

  /** It will not draw this avatar's mouths; where nobody will, the frames fail. */
  private void refusedForGood(FleetServer server, Status status) {
    LOG.warn(
        "inference server {} does not draw for session {}: {}",
        server.address(),
        request.session(),
        status);
    shun(server, SHUN_NANOS);
    List<FleetServer> left = new ArrayList<>(fleet.presentServers());
    left.removeIf(this::isShunned);
    if (left.isEmpty()) {
      failAll();
    }
  }

  /** One stream to one server; its fields are guarded by the frame stream. */
  private final class Connection
      implements ClientResponseObserver<LipsyncRequest, LipsyncResponse> {
    private final FleetServer server;
    private final Visuals shown;
    private final ByteString sum;
    private final int timesSent;
    private final Set<Long> unanswered = new HashSet<>();
    private final float[] lastWindow = new float[FeatureWindows.WINDOW_FLOATS];
    private boolean hasLastWindow;
    private boolean opened;
    private boolean entered;
    private int maxUnanswered = FIRST_UNANSWERED;
    private volatile @Nullable ClientCallStreamObserver<LipsyncRequest> call;
    private volatile boolean cancelled;

    Connection(FleetServer server, Visuals shown, ByteString sum, int timesSent) {
      this.server = server;
      this.shown = shown;
      this.sum = sum;
      this.timesSent = timesSent;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<LipsyncRequest> newCall) {
      call = newCall;
    }

    void enter() {
      synchronized (FleetStream.this) {
        entered = true;
        server.streams().incrementAndGet();
      }
    }

    /** The server has nothing to do with it any more. */
    void leave() {
      if (entered) {
        entered = false;
        server.streams().decrementAndGet();
        server.unanswered().addAndGet(-unanswered.size());
        unanswered.clear();
      }
    }

    void say(LipsyncRequest message) {
      ClientCallStreamObserver<LipsyncRequest> open = call;
      if (open != null) {
        try {
          open.onNext(message);
        } catch (IllegalStateException e) {
          if (!cancelled) { // Else another thread gave it up just now, and onError tells.
            throw e;
          }
        }
        if (cancelled) { // Perhaps before the call was known.
          cancel();
        }
      }
    }

    void send(Waiting frame) {
      var message = frame.asked.message();
      frame.asked.addWindow(message, lastWindow, hasLastWindow);
      hasLastWindow = true;
      message.setDeadlineUs(Math.min(message.getDeadlineUs(), MAX_DEADLINE_US));
      if (unanswered.add(frame.asked.index())) {
        server.unanswered().incrementAndGet();
      }
      say(LipsyncRequest.newBuilder().setFrame(message).build());
    }

    void answered(long index) {
      if (unanswered.remove(index)) {
        server.unanswered().decrementAndGet();
      }
    }

    void flush() {
      hasLastWindow = false;
      say(LipsyncRequest.newBuilder().setFlush(Flush.getDefaultInstance()).build());
    }

    void cancel() {
      cancelled = true;
      ClientCallStreamObserver<LipsyncRequest> open = call;
      if (open != null) {
        open.cancel("the session needs it no more", null);
      }
    }

    @Override
    public void onNext(LipsyncResponse message) {
      server.answered();
      switch (message.getMessageCase()) {
        case OPENED -> FleetStream.this.opened(this, message.getOpened().getMaxUnansweredFrames());
        case MOUTH -> FleetStream.this.answered(this, message.getMouth());
        case FLUSHED, MESSAGE_NOT_SET -> {}
      }
    }

    @Override
    public void onError(Throwable failure) {
      lost(this, Status.fromThrowable(failure), failure);
    }

    @Override
    public void onCompleted() {
      Status status = Status.UNAVAILABLE.withDescription("it ended the session");
      lost(this, status, status.asRuntimeException());
    }
  }

  /** Leaves a server that is away: its connection may take long to notice. */
  void leave(FleetServer away) {
    synchronized (this) {
      Connection open = connection;
      if (open == null || open.server != away) {
        return;
      }
      drop();
    }
    connectIfNeeded();
  }
}
