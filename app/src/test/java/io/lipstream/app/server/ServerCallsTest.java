package io.lipstream.app.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.lipstream.app.config.LoggingConfig;
import io.lipstream.app.log.ServerLog;
import io.lipstream.media.wire.batch.InferenceServiceGrpc;
import io.lipstream.media.wire.batch.ListModelsRequest;
import io.lipstream.media.wire.batch.ListModelsResponse;
import io.lipstream.media.wire.batch.LoadModelRequest;
import io.lipstream.media.wire.batch.LoadModelResponse;
import io.lipstream.media.wire.batch.UnloadModelRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** What a server does with each call before a service sees it, over a real connection. */
final class ServerCallsTest {
  private static final String TOKEN = "0123456789abcdef";

  private final List<Server> servers = new ArrayList<>();
  private final List<ManagedChannel> channels = new ArrayList<>();

  /** Logs what it is asked and answers nothing of interest. */
  private static final class Asked extends InferenceServiceGrpc.InferenceServiceImplBase {
    volatile String request = "";

    @Override
    public void listModels(ListModelsRequest asked, StreamObserver<ListModelsResponse> answer) {
      request = Objects.requireNonNullElse(MDC.get("request"), "");
      LoggerFactory.getLogger("io.lipstream.test").info("listing");
      answer.onNext(ListModelsResponse.getDefaultInstance());
      answer.onCompleted();
    }

    @Override
    public void loadModel(LoadModelRequest asked, StreamObserver<LoadModelResponse> answer) {
      answer.onNext(LoadModelResponse.newBuilder().setSuccess(true).build());
      answer.onCompleted();
    }
  }

  private InferenceServiceGrpc.InferenceServiceBlockingStub start(
      Asked service, ServerInterceptor interceptor) throws IOException {
    servers.add(
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(service)
            .addService(new HealthStatusManager().getHealthService())
            .intercept(interceptor)
            .build()
            .start());
    channels.add(
        NettyChannelBuilder.forAddress("127.0.0.1", servers.getLast().getPort())
            .usePlaintext()
            .build());
    return InferenceServiceGrpc.newBlockingStub(channels.getLast());
  }

  @AfterEach
  void stop() throws InterruptedException {
    channels.getLast().shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    servers.getLast().shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
  }

  private static Metadata headers(Map<String, String> values) {
    Metadata headers = new Metadata();
    values.forEach(
        (key, value) -> headers.put(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER), value));
    return headers;
  }

  private static InferenceServiceGrpc.InferenceServiceBlockingStub with(
      InferenceServiceGrpc.InferenceServiceBlockingStub stub, Metadata headers) {
    return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  @ParameterizedTest
  @CsvSource({
    "'', UNAUTHENTICATED",
    "Bearer 0123456789abcdeg, UNAUTHENTICATED",
    "Bearer 0123456789abcdef0, UNAUTHENTICATED",
    "Bearer, UNAUTHENTICATED",
    "Basic 0123456789abcdef, UNAUTHENTICATED",
    "Bearer 0123456789abcdef, OK",
    "bearer  0123456789abcdef, OK",
  })
  void onlyTheTokenLoadsModels(String header, Status.Code code) throws IOException {
    var stub = start(new Asked(), new TokenCheck(TOKEN, false));
    Metadata headers = header.isEmpty() ? new Metadata() : headers(Map.of("authorization", header));

    StatusRuntimeException refused =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () -> with(stub, headers).loadModel(LoadModelRequest.getDefaultInstance()));

    assertThat(refused == null ? Status.Code.OK : refused.getStatus().getCode()).isEqualTo(code);
    if (refused != null) {
      assertThat(refused.getMessage()).contains("token").doesNotContain(TOKEN);
    }
  }

  @Test
  void callsThatChangeNothingNeedATokenOnlyWhereAllDo() throws Exception {
    var open = start(new Asked(), new TokenCheck(TOKEN, false));
    assertThatCode(() -> open.listModels(ListModelsRequest.getDefaultInstance()))
        .doesNotThrowAnyException();
    stop();

    var closed = start(new Asked(), new TokenCheck(TOKEN, true));
    StatusRuntimeException refused =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () -> closed.listModels(ListModelsRequest.getDefaultInstance()));
    assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThatCode(
            () ->
                HealthGrpc.newBlockingStub(channels.getLast())
                    .check(HealthCheckRequest.getDefaultInstance()))
        .doesNotThrowAnyException();
  }

  private static void awaitLines(ByteArrayOutputStream out, int count) {
    long end = System.nanoTime() + 60_000_000_000L;
    while (out.toString(StandardCharsets.UTF_8).lines().count() < count) {
      assertThat(System.nanoTime()).as("waiting for lines").isLessThan(end);
      LockSupport.parkNanos(2_000_000);
    }
  }

  @Test
  void aRequestsIdComesBackAndStandsInTheLog() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Asked service = new Asked();
    AtomicReference<Metadata> answer = new AtomicReference<>();
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    var stub =
        start(service, new RequestIds(true, System::nanoTime))
            .withInterceptors(MetadataUtils.newCaptureMetadataInterceptor(answer, trailers));
    try (ServerLog log =
        ServerLog.start(new LoggingConfig("json", "info", true, true, false), out, false)) {
      assertThat(log).isNotNull();
      with(stub, headers(Map.of("x-request-id", "mine-7")))
          .listModels(ListModelsRequest.getDefaultInstance());
      assertThat(service.request).isEqualTo("mine-7");
      assertThat(Objects.requireNonNull(answer.get()).get(RequestIds.HEADER)).isEqualTo("mine-7");

      with(stub, headers(Map.of("x-request-id", "forged\",\"level\":\"x")))
          .listModels(ListModelsRequest.getDefaultInstance());
      assertThat(service.request).matches("[0-9a-f]{16}");
      assertThat(Objects.requireNonNull(answer.get()).get(RequestIds.HEADER))
          .isEqualTo(service.request);
      // Lines are written by another thread, for which closing waits for two seconds only.
      awaitLines(out, 4);
    }

    assertThat(out.toString(StandardCharsets.UTF_8).lines())
        .anyMatch(line -> line.contains("\"listing\"") && line.contains("\"request\":\"mine-7\""))
        .anyMatch(
            line ->
                line.contains("InferenceService/ListModels OK in")
                    && line.contains("\"request\":\"mine-7\""));
  }

  @Test
  void aRefusalCarriesItsIdInTheTrailers() throws IOException {
    AtomicReference<Metadata> answer = new AtomicReference<>();
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    var stub =
        start(new Asked(), new RequestIds(false, System::nanoTime))
            .withInterceptors(MetadataUtils.newCaptureMetadataInterceptor(answer, trailers));

    StatusRuntimeException refused =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () ->
                with(stub, headers(Map.of("x-request-id", "mine-8")))
                    .unloadModel(UnloadModelRequest.getDefaultInstance()));

    assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
    assertThat(Objects.requireNonNull(trailers.get()).get(RequestIds.HEADER)).isEqualTo("mine-8");
  }
}
