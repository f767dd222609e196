package io.lipstream.inference.server;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;

/**
 * Ends calls whose bytes are no message of their type with INVALID_ARGUMENT. gRPC by itself ends
 * them with UNKNOWN and writes a stack trace for each to the log.
 */
final class MalformedMessages implements ServerInterceptor {
  private MalformedMessages() {}

  /** The same service, parsing where a failure can be caught. */
  static ServerServiceDefinition guard(ServerServiceDefinition service) {
    return ServerInterceptors.intercept(
        ServerInterceptors.useMarshalledMessages(service, new AsTheyAre()),
        new MalformedMessages());
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    return new Guard<>(call, next.startCall(call, headers));
  }

  private static final class Guard<Q, R>
      extends ForwardingServerCallListener.SimpleForwardingServerCallListener<Q> {
    private final ServerCall<Q, R> call;
    private boolean over;

    Guard(ServerCall<Q, R> call, ServerCall.Listener<Q> delegate) {
      super(delegate);
      this.call = call;
    }

    @Override
    public void onMessage(Q message) {
      if (over) {
        return;
      }
      try {
        super.onMessage(message);
      } catch (StatusRuntimeException e) {
        if (!(e.getCause() instanceof InvalidProtocolBufferException malformed)) {
          throw e;
        }
        over = true;
        refuse(malformed);
      }
    }

    /** For the service the caller is gone; for the caller there is an answer. */
    private void refuse(InvalidProtocolBufferException malformed) {
      super.onCancel();
      Status status =
          Status.INVALID_ARGUMENT.withDescription(
              "the bytes are no message of "
                  + call.getMethodDescriptor().getFullMethodName()
                  + ": "
                  + malformed.getMessage());
      try {
        call.close(status, new Metadata());
      } catch (IllegalStateException e) {
        // The service ended the call before this message came.
      }
    }

    @Override
    public void onHalfClose() {
      if (!over) {
        super.onHalfClose();
      }
    }

    @Override
    public void onReady() {
      if (!over) {
        super.onReady();
      }
    }

    @Override
    public void onCancel() {
      if (!over) {
        super.onCancel();
      }
    }
  }

  /** Messages as the streams that the transport gives and takes, without a copy. */
  private static final class AsTheyAre implements MethodDescriptor.Marshaller<InputStream> {
    @Override
    public InputStream stream(InputStream value) {
      return value;
    }

    @Override
    public InputStream parse(InputStream stream) {
      return stream;
    }
  }
}
