package io.lipstream.inference.server;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.lipstream.media.lipsync.ReferenceCrops;
import io.lipstream.media.wire.lipsync.InferenceGrpc;
import io.lipstream.media.wire.lipsync.PutAvatarVisualsRequest;
import io.lipstream.media.wire.lipsync.PutAvatarVisualsResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Says PutAvatarVisuals as tests want it said. */
final class Uploads {
  private Uploads() {}

  static PutAvatarVisualsResponse put(
      ManagedChannel channel, ReferenceCrops crops, ByteString sum) {
    List<PutAvatarVisualsRequest> messages = new ArrayList<>();
    messages.add(Serving.announcement(crops, sum));
    messages.addAll(pictures(crops));
    return put(channel, messages);
  }

  /** Pictures cut where no picture ends. */
  static List<PutAvatarVisualsRequest> pictures(ReferenceCrops crops) {
    byte[] roi = new byte[3 * 320 * 320];
    ByteString all = ByteString.EMPTY;
    for (int frame = 0; frame < crops.frameCount(); frame++) {
      crops.copyRoi(frame, roi);
      all = all.concat(ByteString.copyFrom(roi));
    }
    int pieceBytes = 250_001;
    List<PutAvatarVisualsRequest> messages = new ArrayList<>();
    for (int from = 0; from < all.size(); from += pieceBytes) {
      messages.add(
          PutAvatarVisualsRequest.newBuilder()
              .setPictures(all.substring(from, Math.min(all.size(), from + pieceBytes)))
              .build());
    }
    return messages;
  }

  /** Sends messages and waits for the answer; throws the refusal. */
  static PutAvatarVisualsResponse put(
      ManagedChannel channel, List<PutAvatarVisualsRequest> messages) {
    CompletableFuture<PutAvatarVisualsResponse> answer = new CompletableFuture<>();
    StreamObserver<PutAvatarVisualsRequest> call =
        InferenceGrpc.newStub(channel)
            .putAvatarVisuals(
                new StreamObserver<>() {
                  @Override
                  public void onNext(PutAvatarVisualsResponse message) {
                    answer.complete(message);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    answer.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {
                    // The message before said it all.
                  }
                });
    messages.forEach(call::onNext);
    call.onCompleted();
    try {
      return answer.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException refusal) {
        throw refusal;
      }
      throw e;
    }
  }
}
