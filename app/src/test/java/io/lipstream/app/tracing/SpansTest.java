package io.lipstream.app.tracing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A client and a server over a real connection, each with spans of its own. */
final class SpansTest {

  private static final class Kept implements SpanExporter {
    final BlockingQueue<SpanData> spans = new LinkedBlockingQueue<>();

    SpanData next() throws InterruptedException {
      SpanData span = spans.poll(60, TimeUnit.SECONDS);
      assertThat(span).isNotNull();
      return Objects.requireNonNull(span);
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> more) {
      spans.addAll(more);
      return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode flush() {
      return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
      return CompletableResultCode.ofSuccess();
    }
  }

  @Test
  void clientAndServerShareATraceBelowTheCallersSpan() throws Exception {
    Kept clientSpans = new Kept();
    Kept serverSpans = new Kept();
    try (Tracing client = Tracing.to(clientSpans, "client");
        Tracing server = Tracing.to(serverSpans, "server")) {
      Server running =
          NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .addService(new HealthStatusManager().getHealthService())
              .intercept(new ServerSpans(server.tracer()))
              .build()
              .start();
      ManagedChannel channel =
          NettyChannelBuilder.forAddress("127.0.0.1", running.getPort())
              .usePlaintext()
              .intercept(new ClientSpans(client.tracer()))
              .build();
      try {
        Span session = client.tracer().spanBuilder("session").startSpan();
        HealthGrpc.HealthBlockingStub stub = HealthGrpc.newBlockingStub(channel);
        try (Scope scope = session.makeCurrent()) {
          assertThat(scope).isNotNull();
          stub.check(HealthCheckRequest.getDefaultInstance());
        }
        session.end();

        SpanData out = clientSpans.next();
        SpanData in = serverSpans.next();
        assertThat(List.of(out.getName(), in.getName()))
            .containsOnly("grpc.health.v1.Health/Check");
        assertThat(out.getKind()).isEqualTo(SpanKind.CLIENT);
        assertThat(in.getKind()).isEqualTo(SpanKind.SERVER);
        assertThat(in.getTraceId())
            .isEqualTo(out.getTraceId())
            .isEqualTo(session.getSpanContext().getTraceId());
        assertThat(in.getParentSpanId()).isEqualTo(out.getSpanId());
        assertThat(out.getParentSpanId()).isEqualTo(session.getSpanContext().getSpanId());
        assertThat(in.getAttributes().get(Wire.CODE)).isZero();

        clientSpans.next(); // the session itself
        assertThatThrownBy(
                () -> stub.check(HealthCheckRequest.newBuilder().setService("none").build()))
            .isInstanceOf(StatusRuntimeException.class);
        SpanData failed = serverSpans.next();
        assertThat(failed.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(failed.getStatus().getDescription()).isEqualTo("NOT_FOUND");
      } finally {
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        running.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      }
    }
  }
}
