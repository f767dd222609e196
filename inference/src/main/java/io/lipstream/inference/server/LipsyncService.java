package io.lipstream.inference.server;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.ModelShape;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.wire.lipsync.InferenceGrpc;
import io.lipstream.media.wire.lipsync.LipsyncRequest;
import io.lipstream.media.wire.lipsync.LipsyncResponse;
import io.lipstream.media.wire.lipsync.Open;
import io.lipstream.media.wire.lipsync.PutAvatarVisualsRequest;
import io.lipstream.media.wire.lipsync.PutAvatarVisualsResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The streaming service: one stream for each session, avatars' pictures sent once for all.
 *
 * <p>Over Netty's transport only: a picture's bytes are used again as soon as the transport has
 * copied them.
 */
public final class LipsyncService extends InferenceGrpc.InferenceImplBase implements AutoCloseable {
  static final Duration RETRY_WHEN_SLOW = Duration.ofSeconds(1);

  /** What may lie in a connection's buffers for one stream: a few pictures. */
  private static final int READY_THRESHOLD_BYTES = 1 << 20;

  private final Engine engine;
  private final Settings settings;
  private final VisualsCache cache;
  private final VisualsSource own;
  private final LongSupplier clock;
  private final Set<LipsyncStream> streams = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * How much the service takes on.
   *
   * @param maxUnansweredFrames frames of one stream that may be on their way at once
   * @param stalledAfter how long a client may leave finished pictures unread
   * @param visualsBytes memory for avatars' pictures
   * @param avatars whose pictures need not be sent, if there are any
   * @param version Lipstream's own
   */
  public record Settings(
      int maxUnansweredFrames,
      Duration stalledAfter,
      long visualsBytes,
      Optional<AvatarStore> avatars,
      String version) {
    /** 64 frames, half a minute, a third of the heap, no avatars. */
    public static Settings of(String version) {
      return new Settings(
          64,
          Duration.ofSeconds(30),
          Runtime.getRuntime().maxMemory() / 3,
          Optional.empty(),
          version);
    }

    public Settings withAvatars(AvatarStore store) {
      return new Settings(
          maxUnansweredFrames, stalledAfter, visualsBytes, Optional.of(store), version);
    }

    public Settings withMaxUnansweredFrames(int frames) {
      return new Settings(frames, stalledAfter, visualsBytes, avatars, version);
    }

    public Settings withStalledAfter(Duration newStalledAfter) {
      return new Settings(maxUnansweredFrames, newStalledAfter, visualsBytes, avatars, version);
    }

    public Settings withVisualsBytes(long bytes) {
      return new Settings(maxUnansweredFrames, stalledAfter, bytes, avatars, version);
    }
  }

  /**
   * Offers an engine.
   *
   * @param engine stays the caller's to close, after this
   * @param clock the engine's, in nanoseconds
   */
  public LipsyncService(Engine engine, Settings settings, LongSupplier clock) {
    this.engine = engine;
    this.settings = settings;
    this.clock = clock;
    cache = new VisualsCache(settings.visualsBytes());
    own = settings.avatars().<VisualsSource>map(StoredVisuals::new).orElse(VisualsSource.NONE);
    long limitNanos = settings.stalledAfter().toNanos();
    long everyNanos = Math.max(1, limitNanos / 8);
    Thread.ofVirtual().name("lipsync-watch").start(() -> watch(everyNanos, limitNanos));
  }

  /** Looks after the streams until the service is closed. */
  private void watch(long everyNanos, long limitNanos) {
    while (!closed) {
      LockSupport.parkNanos(everyNanos);
      streams.forEach(stream -> stream.failIfStalled(clock.getAsLong(), limitNanos));
    }
  }

  @Override
  public StreamObserver<LipsyncRequest> lipsync(StreamObserver<LipsyncResponse> response) {
    ServerCallStreamObserver<LipsyncResponse> call =
        (ServerCallStreamObserver<LipsyncResponse>) response;
    LipsyncStream stream = new LipsyncStream(this, call, clock);
    call.setOnReadyThreshold(READY_THRESHOLD_BYTES);
    call.setOnReadyHandler(stream::send);
    call.setOnCancelHandler(stream::cancel);
    streams.add(stream);
    return stream;
  }

  @Override
  public StreamObserver<PutAvatarVisualsRequest> putAvatarVisuals(
      StreamObserver<PutAvatarVisualsResponse> response) {
    return new VisualsUpload(cache, response);
  }

  LipsyncSession openSession(Open open) {
    return LipsyncSession.open(open, engine, cache, own, settings.maxUnansweredFrames());
  }

  /** The features of sound, by an encoder of the catalogue. */
  SpokenFeatures openEncoder(String modelId, Consumer<float[]> consumer) {
    FrameStream stream =
        LipsyncSession.admit(
            new StreamRequest(modelId, "Lipsync", StreamRequest.Priority.LIVE, 0, 16), engine);
    try {
      requireEncoder(modelId, stream.shape());
      return new SpokenFeatures(new EngineEncoder(modelId, stream), consumer);
    } catch (RuntimeException e) {
      stream.close();
      throw e;
    }
  }

  private static void requireEncoder(String modelId, ModelShape shape) {
    boolean fits =
        shape.inputs().size() == 1
            && shape.outputs().size() == 1
            && shape.inputs().getFirst().shape().stream().skip(1).reduce(1L, (a, b) -> a * b)
                == AudioEncoder.WINDOW_FLOATS;
    if (!fits) {
      throw Refusal.precondition(
          "MODEL", modelId, "model '" + modelId + "' is no audio encoder of 80x16 mel windows");
    }
  }

  int maxUnanswered() {
    return settings.maxUnansweredFrames();
  }

  String version() {
    return settings.version();
  }

  void execute(Runnable task) {
    Thread.ofVirtual().name("lipsync-sender").start(task);
  }

  void forget(LipsyncStream stream) {
    streams.remove(stream);
  }

  /** Sessions that are open, for metrics. */
  public int openStreams() {
    return streams.size();
  }

  /** Bytes of avatars' pictures that are held, for metrics. */
  public long visualsBytes() {
    return cache.usedBytes();
  }

  /** Ends the streams that are still open with UNAVAILABLE. */
  @Override
  public void close() {
    closed = true;
    streams.forEach(LipsyncStream::stop);
  }
}
