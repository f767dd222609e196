package io.lipstream.app.compositing;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.inference.server.Refusal;
import io.lipstream.media.wire.compositing.CompositeRequest;
import io.lipstream.media.wire.compositing.CompositeResponse;
import io.lipstream.media.wire.compositing.CompositingGrpc;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The streaming service: a talking face for whoever has the sound. */
public final class CompositingService extends CompositingGrpc.CompositingImplBase
    implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CompositingService.class);

  /** What may lie in a connection's buffers for one stream. */
  private static final int READY_THRESHOLD_BYTES = 1 << 20;

  /** Frames of one stream that may wait for their mouths. */
  static final int QUEUE_FRAMES = 64;

  private final CompositingParts parts;
  private final Set<CompositingStream> streams = ConcurrentHashMap.newKeySet();

  /** Offers avatars; the parts stay the caller's to close, after this. */
  public CompositingService(CompositingParts parts) {
    this.parts = parts;
    parts.watch(this::observe);
  }

  private void observe() {
    long now = System.nanoTime();
    int speakers = (int) streams.stream().filter(each -> each.isSpeaking(now)).count();
    long held = parts.framesHeld();
    parts.quality().observe(now, speakers, parts.framesSent() - held, held);
  }

  @Override
  public StreamObserver<CompositeRequest> composite(StreamObserver<CompositeResponse> response) {
    ServerCallStreamObserver<CompositeResponse> call =
        (ServerCallStreamObserver<CompositeResponse>) response;
    CompositingStream stream = new CompositingStream(this, parts, call);
    call.disableAutoRequest();
    call.setOnReadyThreshold(READY_THRESHOLD_BYTES);
    call.setOnReadyHandler(stream::wake);
    call.setOnCancelHandler(stream::cancel);
    streams.add(stream);
    if (streams.size() > parts.settings().maxStreams()) {
      stream.fail(
          Refusal.exhausted(
              parts.settings().maxStreams() + " streams are open, as many as may be",
              java.time.Duration.ofSeconds(2)));
    } else {
      call.request(1);
    }
    return stream;
  }

  /** A stream of the engine for one session: with a promise, or with what the others leave. */
  static FrameStream openEngine(Engine engine, String modelId, String session, boolean live) {
    StreamRequest promised =
        new StreamRequest(modelId, session, Priority.LIVE, live ? 25 : 0, QUEUE_FRAMES);
    if (live && engine.open(promised) instanceof Admission.Admitted admitted) {
      return admitted.stream();
    }
    if (live) {
      LOG.warn("session {}: the engine is busy, mouths may be late", session);
    }
    StreamRequest rest = new StreamRequest(modelId, session, Priority.NORMAL, 0, QUEUE_FRAMES);
    return switch (engine.open(rest)) {
      case Admission.Admitted admitted -> admitted.stream();
      case Admission.Unknown unknown ->
          throw Refusal.noSuchModel(
              unknown.modelId(), engine.models().list().stream().map(each -> each.id()).toList());
      case Admission.Refused refused ->
          throw Refusal.exhausted(refused.reason(), refused.retryAfter());
    };
  }

  void forget(CompositingStream stream) {
    streams.remove(stream);
  }

  /** Sessions that are open, for metrics. */
  public int openStreams() {
    return streams.size();
  }

  /** Ends the streams that are still open with UNAVAILABLE, and waits for their threads. */
  @Override
  public void close() {
    streams.forEach(CompositingStream::stop);
  }
}
