package io.lipstream.app.compositing;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.net.SocketAddress;

/**
 * Tells callers of single calls apart: by the session that their metadata name, or else by their
 * connection.
 */
final class CallerOf implements ServerInterceptor {
  static final Metadata.Key<String> SESSION =
      Metadata.Key.of("lipstream-session", Metadata.ASCII_STRING_MARSHALLER);

  private static final int MAX_CHARS = 200;
  private static final Context.Key<String> CALLER = Context.keyWithDefault("caller", "");

  /** Who makes the call that this thread handles. */
  static String current() {
    return CALLER.get();
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    String session = headers.get(SESSION);
    SocketAddress address = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    String caller = session == null ? String.valueOf(address) : "session " + session;
    Context context =
        Context.current()
            .withValue(CALLER, caller.substring(0, Math.min(MAX_CHARS, caller.length())));
    return Contexts.interceptCall(context, call, headers, next);
  }
}
