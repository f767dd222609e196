package io.lipstream.app.tracing;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import java.util.Objects;

/** Gives each call that comes in a span, below the caller's where it names one. */
public final class ServerSpans implements ServerInterceptor {
  private final Tracer tracer;

  public ServerSpans(Tracer tracer) {
    this.tracer = tracer;
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    MethodDescriptor<Q, R> method = call.getMethodDescriptor();
    Span span =
        tracer
            .spanBuilder(method.getFullMethodName())
            .setParent(Wire.read(headers))
            .setSpanKind(SpanKind.SERVER)
            .setAttribute(Wire.SYSTEM, "grpc")
            .setAttribute(Wire.SERVICE, Objects.requireNonNullElse(method.getServiceName(), ""))
            .setAttribute(Wire.METHOD, Objects.requireNonNullElse(method.getBareMethodName(), ""))
            .startSpan();
    ServerCall<Q, R> watched =
        new SimpleForwardingServerCall<>(call) {
          @Override
          public void close(Status status, Metadata trailers) {
            end(span, status);
            super.close(status, trailers);
          }
        };
    try {
      return new SimpleForwardingServerCallListener<>(next.startCall(watched, headers)) {
        @Override
        public void onCancel() {
          end(span, Status.CANCELLED);
          super.onCancel();
        }
      };
    } catch (RuntimeException | Error e) {
      end(span, Status.fromThrowable(e));
      throw e;
    }
  }

  /** The first end counts; a span that has ended takes nothing more. */
  private static void end(Span span, Status status) {
    span.setAttribute(Wire.CODE, (long) status.getCode().value());
    if (!status.isOk()) {
      span.setStatus(StatusCode.ERROR, status.getCode().name());
    }
    span.end();
  }
}
