package io.lipstream.app;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.lipstream.media.wire.compositing.CompositeFrame;
import io.lipstream.media.wire.compositing.CompositeOpened;
import io.lipstream.media.wire.compositing.CompositeRequest;
import io.lipstream.media.wire.compositing.CompositeResponse;
import io.lipstream.media.wire.compositing.CompositingGrpc;
import io.lipstream.media.wire.compositing.EndOfSound;
import io.lipstream.media.wire.compositing.FlushComposite;
import io.lipstream.media.wire.compositing.OpenComposite;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A client of one compositing stream, which keeps what it hears. */
final class CompositeClient implements ClientResponseObserver<CompositeRequest, CompositeResponse> {
  private static final long PATIENCE_NANOS = 120_000_000_000L;

  final List<CompositeFrame> frames = new CopyOnWriteArrayList<>();
  final List<Integer> flushes = new CopyOnWriteArrayList<>();
  final List<Long> utterances = new CopyOnWriteArrayList<>();
  private final boolean reads;
  private volatile CompositeOpened opened = CompositeOpened.getDefaultInstance();
  private volatile @Nullable Status end;
  private @Nullable ClientCallStreamObserver<CompositeRequest> call;

  private CompositeClient(boolean reads) {
    this.reads = reads;
  }

  static CompositeClient open(ManagedChannel channel, OpenComposite.Builder open) {
    return open(channel, open, true);
  }

  /** A stream; one that does not read takes the first message alone. */
  static CompositeClient open(ManagedChannel channel, OpenComposite.Builder open, boolean reads) {
    CompositeClient client = new CompositeClient(reads);
    CompositingGrpc.newStub(channel).composite(client);
    return client.say(CompositeRequest.newBuilder().setOpen(open));
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<CompositeRequest> newCall) {
    call = newCall;
    if (!reads) {
      newCall.disableAutoRequestWithInitial(1);
    }
  }

  ClientCallStreamObserver<CompositeRequest> call() {
    if (call == null) {
      throw new IllegalStateException("not started");
    }
    return call;
  }

  CompositeClient say(CompositeRequest.Builder message) {
    call().onNext(message.build());
    return this;
  }

  CompositeClient sound(byte[] pcm, int from, int to) {
    return say(CompositeRequest.newBuilder().setSound(ByteString.copyFrom(pcm, from, to - from)));
  }

  CompositeClient sound(byte[] pcm) {
    return sound(pcm, 0, pcm.length);
  }

  CompositeClient endOfSound() {
    return say(CompositeRequest.newBuilder().setEndOfSound(EndOfSound.getDefaultInstance()));
  }

  CompositeClient flush() {
    return say(CompositeRequest.newBuilder().setFlush(FlushComposite.getDefaultInstance()));
  }

  CompositeClient halfClose() {
    call().onCompleted();
    return this;
  }

  CompositeOpened opened() {
    await(() -> opened.getWidthPx() > 0 || end != null);
    return opened;
  }

  /** How the stream ends. */
  Status end() {
    await(() -> end != null);
    Status status = end;
    return status == null ? Status.UNKNOWN : status;
  }

  void awaitFrames(int count) {
    await(() -> frames.size() >= count || end != null);
  }

  static void await(BooleanSupplier condition) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - start > PATIENCE_NANOS) {
        throw new AssertionError("nothing changes");
      }
      java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
    }
  }

  @Override
  public void onNext(CompositeResponse message) {
    switch (message.getMessageCase()) {
      case OPENED -> opened = message.getOpened();
      case FRAME -> frames.add(message.getFrame());
      case FLUSHED -> flushes.add(message.getFlushed().getDroppedFrames());
      case UTTERANCE_ENDED -> utterances.add(message.getUtteranceEnded().getFrames());
      case MESSAGE_NOT_SET -> throw new AssertionError("an empty message");
    }
  }

  @Override
  public void onError(Throwable failure) {
    end = ((StatusRuntimeException) failure).getStatus();
  }

  @Override
  public void onCompleted() {
    end = Status.OK;
  }
}
