package io.lipstream.app.server;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Lets calls through that bring the token, and those that need none. */
final class TokenCheck implements ServerInterceptor {
  static final Metadata.Key<String> HEADER =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private static final String HEALTH = "grpc.health.v1.Health/";
  private static final String SCHEME = "Bearer ";

  /** Calls that change what is loaded or stored. */
  private static final Set<String> MANAGEMENT =
      Set.of(
          "inference.InferenceService/LoadModel",
          "inference.InferenceService/UnloadModel",
          "compositing.CompositingService/LoadModel",
          "compositing.CompositingService/UnloadModel",
          "inference.GRPCInferenceService/RepositoryModelLoad",
          "inference.GRPCInferenceService/RepositoryModelUnload",
          "lipstream.v1.Inference/PutAvatarVisuals");

  private final byte[] expected;
  private final boolean everyCall;

  /**
   * A check of one token.
   *
   * @param everyCall whether calls that change nothing need it too; health never does
   */
  TokenCheck(String token, boolean everyCall) {
    expected = token.getBytes(StandardCharsets.UTF_8);
    this.everyCall = everyCall;
  }

  static boolean isManagement(String method) {
    return MANAGEMENT.contains(method);
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    String method = call.getMethodDescriptor().getFullMethodName();
    boolean needed = everyCall ? !method.startsWith(HEALTH) : isManagement(method);
    @Nullable String given = headers.get(HEADER);
    if (!needed || matches(given)) {
      return next.startCall(call, headers);
    }
    call.close(
        Status.UNAUTHENTICATED.withDescription(
            given == null
                ? method + " needs the server's token, as metadata authorization: Bearer TOKEN"
                : "the token for " + method + " is not the server's"),
        new Metadata());
    return new ServerCall.Listener<>() {};
  }

  private boolean matches(@Nullable String header) {
    if (header == null || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      return false;
    }
    byte[] given = header.substring(SCHEME.length()).strip().getBytes(StandardCharsets.UTF_8);
    // Takes as long for a near miss as for a far one.
    return MessageDigest.isEqual(given, expected);
  }
}
