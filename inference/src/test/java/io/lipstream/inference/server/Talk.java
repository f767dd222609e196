package io.lipstream.inference.server;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.lipstream.media.wire.lipsync.EndOfUtterance;
import io.lipstream.media.wire.lipsync.Flush;
import io.lipstream.media.wire.lipsync.Frame;
import io.lipstream.media.wire.lipsync.InferenceGrpc;
import io.lipstream.media.wire.lipsync.LipsyncRequest;
import io.lipstream.media.wire.lipsync.LipsyncResponse;
import io.lipstream.media.wire.lipsync.Mouth;
import io.lipstream.media.wire.lipsync.Open;
import io.lipstream.media.wire.lipsync.Sound;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client of one Lipsync stream that says exactly what a test wants said. */
final class Talk implements ClientResponseObserver<LipsyncRequest, LipsyncResponse> {
  private static final long PATIENCE_SECONDS = 60;

  private final BlockingQueue<Object> heard = new LinkedBlockingQueue<>();
  private final boolean reads;
  private @Nullable ClientCallStreamObserver<LipsyncRequest> call;

  private Talk(boolean reads) {
    this.reads = reads;
  }

  static Talk start(ManagedChannel channel) {
    return start(channel, true);
  }

  /**
   * A stream.
   *
   * @param reads whether it takes what the server sends; otherwise only the first message
   */
  static Talk start(ManagedChannel channel, boolean reads) {
    Talk talk = new Talk(reads);
    InferenceGrpc.newStub(channel).lipsync(talk);
    return talk;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<LipsyncRequest> newCall) {
    call = newCall;
    if (!reads) {
      newCall.disableAutoRequestWithInitial(1);
    }
  }

  ClientCallStreamObserver<LipsyncRequest> call() {
    if (call == null) {
      throw new IllegalStateException("not started");
    }
    return call;
  }

  Talk open(Open open) {
    return say(LipsyncRequest.newBuilder().setOpen(open).build());
  }

  Talk frame(Frame.Builder frame) {
    return say(LipsyncRequest.newBuilder().setFrame(frame).build());
  }

  Talk frame(long index, float[] feature) {
    return frame(Frame.newBuilder().setIndex(index).setFeature(bytes(feature)));
  }

  Talk frame(long index) {
    return frame(Frame.newBuilder().setIndex(index));
  }

  Talk sound(float[] feature) {
    return say(
        LipsyncRequest.newBuilder()
            .setSound(Sound.newBuilder().setFeature(bytes(feature)))
            .build());
  }

  Talk end() {
    return say(
        LipsyncRequest.newBuilder().setEndOfUtterance(EndOfUtterance.getDefaultInstance()).build());
  }

  Talk flush() {
    return say(LipsyncRequest.newBuilder().setFlush(Flush.getDefaultInstance()).build());
  }

  Talk say(LipsyncRequest message) {
    call().onNext(message);
    return this;
  }

  Talk halfClose() {
    call().onCompleted();
    return this;
  }

  /** The next message of the server; fails on an end. */
  LipsyncResponse next() {
    Object next = take();
    if (next instanceof LipsyncResponse message) {
      return message;
    }
    throw new AssertionError("the stream ended instead: " + next);
  }

  Mouth mouth() {
    return next().getMouth();
  }

  /** How the stream ends, whatever comes before. */
  StatusRuntimeException failure() {
    while (true) {
      Object next = take();
      if (next instanceof StatusRuntimeException failure) {
        return failure;
      }
      if (next instanceof Status) {
        throw new AssertionError("the stream ended well");
      }
    }
  }

  void expectEnd() {
    Object next = take();
    if (!Status.OK.equals(next)) {
      throw new AssertionError("expected the end, but heard " + next);
    }
  }

  private Object take() {
    try {
      Object next = heard.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("the server says nothing");
      }
      return next;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  @Override
  public void onNext(LipsyncResponse message) {
    heard.add(message);
  }

  @Override
  public void onError(Throwable failure) {
    heard.add(failure);
  }

  @Override
  public void onCompleted() {
    heard.add(Status.OK);
  }

  static ByteString bytes(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return ByteString.copyFrom(bytes);
  }

  static float[] floats(ByteString bytes, int count) {
    float[] values = new float[count];
    bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }
}
