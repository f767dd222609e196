package io.lipstream.inference.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.lipstream.media.lipsync.ReferenceCrops;
import io.lipstream.media.lipsync.VisualsSum;
import io.lipstream.media.picture.Rect;
import io.lipstream.media.wire.lipsync.Box;
import io.lipstream.media.wire.lipsync.InferenceGrpc;
import io.lipstream.media.wire.lipsync.PutAvatarVisualsRequest;
import io.lipstream.media.wire.lipsync.PutAvatarVisualsResponse;
import io.lipstream.media.wire.lipsync.Visuals;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** An avatar's pictures on the client's side: their sum, and how they are sent. Thread-safe. */
public final class AvatarPictures {
  private final ReferenceCrops crops;
  private final Rect mask;
  private @Nullable ByteString sum;
  private long timesSent;

  /**
   * Pictures that may have to be sent.
   *
   * @param crops stay the caller's and must outlive this
   */
  public AvatarPictures(ReferenceCrops crops, Rect mask) {
    this.crops = crops;
    this.mask = mask;
  }

  /** The SHA-256 they are known by; the first call looks at every frame. */
  synchronized ByteString sum() {
    ByteString known = sum;
    if (known == null) {
      known = ByteString.copyFrom(VisualsSum.of(crops, mask));
      sum = known;
    }
    return known;
  }

  /** How often they were sent so far. */
  synchronized long timesSent() {
    return timesSent;
  }

  /**
   * Sends them, as fast as the server takes them, unless another session has meanwhile.
   *
   * @param missedAfter how often they had been sent when the server was found to lack them
   * @throws StatusRuntimeException if the server does not
   */
  synchronized void send(Channel channel, long missedAfter) {
    if (timesSent == missedAfter) {
      send(channel, crops, mask, sum());
      timesSent++;
    }
  }

  /** Sends pictures, as fast as the server takes them. */
  static void send(Channel channel, ReferenceCrops crops, Rect mask, ByteString sum) {
    Upload upload = new Upload();
    InferenceGrpc.newStub(channel).putAvatarVisuals(upload);
    upload.send(head(crops, mask, sum));
    byte[] roi = new byte[3 * crops.roiPx() * crops.roiPx()];
    for (int frame = 0; frame < crops.frameCount() && upload.awaitReady(); frame++) {
      crops.copyRoi(frame, roi);
      // Netty's transport has copied the picture when the message was taken.
      upload.send(
          PutAvatarVisualsRequest.newBuilder()
              .setPictures(UnsafeByteOperations.unsafeWrap(roi))
              .build());
    }
    upload.finish();
  }

  private static PutAvatarVisualsRequest head(ReferenceCrops crops, Rect mask, ByteString sum) {
    return PutAvatarVisualsRequest.newBuilder()
        .setVisuals(
            Visuals.newBuilder()
                .setSha256(sum)
                .setFrameCount(crops.frameCount())
                .setSidePx(crops.roiPx())
                .setMask(
                    Box.newBuilder()
                        .setX1(mask.x1())
                        .setY1(mask.y1())
                        .setX2(mask.x2())
                        .setY2(mask.y2())))
        .build();
  }

  /** One call; its thread waits whenever the connection is full. */
  private static final class Upload
      implements ClientResponseObserver<PutAvatarVisualsRequest, PutAvatarVisualsResponse> {
    private final CompletableFuture<PutAvatarVisualsResponse> answer = new CompletableFuture<>();
    private final Object ready = new Object();
    private @Nullable ClientCallStreamObserver<PutAvatarVisualsRequest> call;

    @Override
    public void beforeStart(ClientCallStreamObserver<PutAvatarVisualsRequest> newCall) {
      call = newCall;
      newCall.setOnReadyHandler(this::wake);
    }

    private void wake() {
      synchronized (ready) {
        ready.notifyAll();
      }
    }

    private ClientCallStreamObserver<PutAvatarVisualsRequest> call() {
      if (call == null) {
        throw new IllegalStateException("the call has not started");
      }
      return call;
    }

    void send(PutAvatarVisualsRequest message) {
      call().onNext(message);
    }

    /** Waits until more may be sent; false once the server has answered. */
    boolean awaitReady() {
      synchronized (ready) {
        while (!call().isReady() && !answer.isDone()) {
          try {
            ready.wait();
          } catch (InterruptedException e) {
            call().cancel("interrupted", e);
            Thread.currentThread().interrupt();
            return false;
          }
        }
      }
      return !answer.isDone();
    }

    void finish() {
      if (!answer.isDone()) {
        call().onCompleted();
      }
      try {
        answer.join();
      } catch (CompletionException e) {
        if (e.getCause() instanceof StatusRuntimeException refusal) {
          throw refusal;
        }
        throw e;
      }
    }

    @Override
    public void onNext(PutAvatarVisualsResponse message) {
      answer.complete(message);
      wake();
    }

    @Override
    public void onError(Throwable failure) {
      answer.completeExceptionally(failure);
      wake();
    }

    @Override
    public void onCompleted() {
      wake();
    }
  }
}
