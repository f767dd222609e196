package io.lipstream.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import io.lipstream.app.server.CompositingRole;
import io.lipstream.app.server.InferenceRole;
import io.lipstream.inference.client.InferenceTarget;
import io.lipstream.media.wire.batch.LoadModelRequest;
import io.lipstream.media.wire.composite.CompositingServiceGrpc;
import io.lipstream.media.wire.compositing.CompositeFrame;
import io.lipstream.media.wire.compositing.OpenComposite;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who gets in to a compositing server, and it to its inference servers. */
final class CompositingAccessTest {
  private static final String TOKEN = "0123456789abcdef";
  private static final String INFERENCE_TOKEN = "fedcba9876543210";

  @TempDir Path folder;

  private static List<String> services(ManagedChannel channel) throws Exception {
    CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> ask =
        ServerReflectionGrpc.newStub(channel)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse response) {
                    answer.complete(response);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    answer.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {}
                });
    ask.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    ServerReflectionResponse known = answer.get(20, TimeUnit.SECONDS);
    ask.onCompleted();
    return known.getListServicesResponse().getServiceList().stream()
        .map(ServiceResponse::getName)
        .toList();
  }

  @Test
  void bothServersMayWantTlsAndATokenEach() throws Exception {
    Path outside = PemFiles.write(folder, "outside");
    PemFiles.write(folder, "inside");
    String inside =
        "tls: {certificate: inside.crt, private_key: inside.key}\nauth: {scope: all, token: "
            + INFERENCE_TOKEN
            + "}\n";
    try (InferenceRole inference = CompositingServers.inference(folder, 0, inside);
        CompositingRole role =
            CompositingServers.compositing(
                folder,
                "engine: {kind: grpc, url: '"
                    + CompositingServers.at(inference)
                    + "', tls: true, tls_ca: inside.crt, token: "
                    + INFERENCE_TOKEN
                    + "}\ntls: {certificate: outside.crt, private_key: outside.key}\n"
                    + "auth: {scope: all, token: "
                    + TOKEN
                    + "}\n")) {
      InferenceTarget plain = InferenceTarget.parse("127.0.0.1:" + role.port());
      InferenceTarget encrypted =
          plain.withTls(GrpcSslContexts.forClient().trustManager(outside.toFile()).build());
      ManagedChannel nobody = encrypted.open();
      ManagedChannel friend = encrypted.withToken(TOKEN).open();
      ManagedChannel clear = plain.withToken(TOKEN).open();
      try {
        HealthCheckRequest whole = HealthCheckRequest.getDefaultInstance();
        assertThat(HealthGrpc.newBlockingStub(nobody).check(whole).getStatus())
            .isEqualTo(ServingStatus.SERVING);
        assertThat(refusal(nobody)).isEqualTo(Status.Code.UNAUTHENTICATED);
        assertThat(refusal(clear)).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(services(friend))
            .contains(
                "lipstream.v1.Compositing",
                "compositing.CompositingService",
                "grpc.health.v1.Health");
        assertThat(
                HealthGrpc.newBlockingStub(friend)
                    .check(
                        HealthCheckRequest.newBuilder()
                            .setService("lipstream.v1.Compositing")
                            .build())
                    .getStatus())
            .isEqualTo(ServingStatus.SERVING);
        CompositeClient client =
            CompositeClient.open(friend, OpenComposite.newBuilder().setAvatar("tiny"));
        client.sound(CompositingServers.pcm(CompositingServers.speech(1))).halfClose();
        assertThat(client.end()).isEqualTo(Status.OK);
        assertThat(client.frames).anyMatch(frame -> frame.getMouth() == CompositeFrame.Mouth.DRAWN);
      } finally {
        List.of(nobody, friend, clear).forEach(ManagedChannel::shutdownNow);
      }
    }
  }

  private static Status.Code refusal(ManagedChannel channel) {
    StatusRuntimeException refused =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () ->
                CompositingServiceGrpc.newBlockingStub(channel)
                    .loadModel(LoadModelRequest.newBuilder().setModelId("tiny").build()));
    return refused.getStatus().getCode();
  }
}
