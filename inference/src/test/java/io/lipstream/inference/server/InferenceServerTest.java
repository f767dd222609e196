package io.lipstream.inference.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.wire.batch.HealthRequest;
import io.lipstream.media.wire.batch.InferBatchRequest;
import io.lipstream.media.wire.batch.InferenceServiceGrpc;
import io.lipstream.media.wire.lipsync.Frame;
import io.lipstream.media.wire.lipsync.Mouth;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class InferenceServerTest {
  private final MirrorEngine engine = new MirrorEngine();

  @AfterEach
  void close() {
    engine.close();
  }

  private Serving serving(InferenceServer.Options options) {
    return new Serving(engine, Serving.settings(), options);
  }

  @Test
  void aMessageOverTheLimitIsRefusedAndTheServerGoesOn() {
    try (Serving serving =
        serving(InferenceServer.Options.loopback().withMaxMessageBytes(1 << 20))) {
      InferenceServiceGrpc.InferenceServiceBlockingStub stub =
          InferenceServiceGrpc.newBlockingStub(serving.channel);
      InferBatchRequest large =
          InferBatchRequest.newBuilder()
              .setVisualFrames(ByteString.copyFrom(new byte[2 << 20]))
              .build();
      assertThatThrownBy(() -> stub.inferBatch(large)).hasMessageContaining("RESOURCE_EXHAUSTED");
      assertThat(stub.health(HealthRequest.getDefaultInstance()).getHealthy()).isTrue();
    }
  }

  @Test
  void aThousandSessionsOpenAtOnce() {
    try (Serving serving = serving(InferenceServer.Options.loopback()).withAvatar()) {
      List<Talk> talks = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        talks.add(Talk.start(serving.channel).open(Serving.opening().build()));
      }
      talks.forEach(talk -> assertThat(talk.next().hasOpened()).isTrue());
      assertThat(engine.openStreams.get()).isEqualTo(1000);
      Frame.Builder frame = Frame.newBuilder().setIndex(0).setWindow(Talk.bytes(new float[8192]));
      talks.subList(0, 100).forEach(talk -> talk.frame(frame));
      talks.forEach(Talk::halfClose);
      talks
          .subList(0, 100)
          .forEach(talk -> assertThat(talk.mouth().getOutcome()).isEqualTo(Mouth.Outcome.COMPUTED));
      talks.forEach(Talk::expectEnd);
      Serving.awaitNot(() -> engine.openStreams.get() > 0);
      assertThat(serving.lipsync.openStreams()).isZero();
    }
  }

  @Test
  void callsAboveTheirNumberAreRefusedUntilOthersEnd() {
    try (Serving serving = serving(InferenceServer.Options.loopback().withMaxCalls(2))) {
      serving.withAvatar();
      Talk first = Talk.start(serving.channel).open(Serving.opening().build());
      first.next();
      Talk second = Talk.start(serving.channel).open(Serving.opening().build());
      second.next();
      StatusRuntimeException refusal = Talk.start(serving.channel).failure();
      assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      assertThat(refusal.getStatus().getDescription()).contains("2 calls open");
      first.halfClose().expectEnd();
      Serving.awaitNot(() -> engine.openStreams.get() > 1);
      Talk third = Talk.start(serving.channel).open(Serving.opening().build());
      assertThat(third.next().hasOpened()).isTrue();
    }
  }

  @Test
  void healthIsToldForEachService() {
    try (Serving serving = serving(InferenceServer.Options.loopback())) {
      HealthGrpc.HealthBlockingStub health = HealthGrpc.newBlockingStub(serving.channel);
      for (String service : List.of("", "inference.InferenceService", "lipstream.v1.Inference")) {
        HealthCheckRequest request = HealthCheckRequest.newBuilder().setService(service).build();
        assertThat(health.check(request).getStatus()).isEqualTo(ServingStatus.SERVING);
      }
      serving.server.setServing(false);
      assertThat(health.check(HealthCheckRequest.getDefaultInstance()).getStatus())
          .isEqualTo(ServingStatus.NOT_SERVING);
    }
  }

  @Test
  void reflectionNamesTheServices() {
    try (Serving serving = serving(InferenceServer.Options.loopback())) {
      CompletableFuture<List<String>> names = new CompletableFuture<>();
      StreamObserver<ServerReflectionRequest> call =
          ServerReflectionGrpc.newStub(serving.channel)
              .serverReflectionInfo(
                  new StreamObserver<>() {
                    @Override
                    public void onNext(ServerReflectionResponse message) {
                      names.complete(
                          message.getListServicesResponse().getServiceList().stream()
                              .map(ServiceResponse::getName)
                              .toList());
                    }

                    @Override
                    public void onError(Throwable failure) {
                      names.completeExceptionally(failure);
                    }

                    @Override
                    public void onCompleted() {
                      // One answer is enough.
                    }
                  });
      call.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
      assertThat(names.join())
          .contains(
              "inference.InferenceService", "lipstream.v1.Inference", "grpc.health.v1.Health");
      call.onCompleted();
    }
  }

  @Test
  void aTakenPortIsSaid() {
    try (Serving serving = serving(InferenceServer.Options.loopback())) {
      InferenceServer.Options taken =
          InferenceServer.Options.loopback().withPort(serving.server.port());
      assertThatThrownBy(() -> InferenceServer.start(taken, List.of()))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("cannot listen on 127.0.0.1:" + serving.server.port());
    }
  }
}
