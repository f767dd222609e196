package io.lipstream.inference.client;

import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.lipstream.media.LipstreamException;
import io.netty.handler.ssl.SslContext;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Where an inference server is and how it is spoken to.
 *
 * @param tls who is trusted, made by gRPC's GrpcSslContexts; empty for plain text
 * @param token sent with every call; empty for none
 * @param interceptors see every call, as for traces
 */
public record InferenceTarget(
    String host,
    int port,
    Optional<SslContext> tls,
    String token,
    List<ClientInterceptor> interceptors) {
  /** Of one answer; a float32 batch of 24 has 30 MB. */
  private static final int MAX_MESSAGE_BYTES = 128 << 20;

  private static final int FLOW_WINDOW_BYTES = 8 << 20;

  /**
   * Reads HOST:PORT, or [ADDRESS]:PORT for IPv6; plain text, no token.
   *
   * @throws LipstreamException INPUT if it is no such thing
   */
  public static InferenceTarget parse(String hostAndPort) {
    int colon = hostAndPort.lastIndexOf(':');
    String host = colon < 0 ? "" : hostAndPort.substring(0, colon).replaceAll("^\\[|]$", "");
    try {
      int port = Integer.parseInt(hostAndPort.substring(colon + 1));
      if (!host.isEmpty() && port > 0 && port < 65536) {
        return new InferenceTarget(host, port, Optional.empty(), "", List.of());
      }
    } catch (NumberFormatException e) {
      // Told below, with the rest of what can be wrong.
    }
    throw new LipstreamException(
        LipstreamException.Kind.INPUT,
        "'" + hostAndPort + "' is no inference server",
        "write HOST:PORT, such as localhost:50051");
  }

  public InferenceTarget withTls(SslContext newTls) {
    return new InferenceTarget(host, port, Optional.of(newTls), token, interceptors);
  }

  public InferenceTarget withToken(String newToken) {
    return new InferenceTarget(host, port, tls, newToken, interceptors);
  }

  public InferenceTarget withInterceptors(List<ClientInterceptor> newInterceptors) {
    return new InferenceTarget(host, port, tls, token, List.copyOf(newInterceptors));
  }

  /** A channel, which connects when it is first used; the caller shuts it down. */
  public ManagedChannel open() {
    NettyChannelBuilder builder =
        NettyChannelBuilder.forAddress(host, port)
            .executor(
                Executors.newThreadPerTaskExecutor(
                    Thread.ofVirtual().name("inference-client-", 0).factory()))
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            .flowControlWindow(FLOW_WINDOW_BYTES)
            .keepAliveTime(10, TimeUnit.SECONDS)
            .keepAliveTimeout(5, TimeUnit.SECONDS);
    tls.ifPresentOrElse(builder::sslContext, builder::usePlaintext);
    if (!token.isEmpty()) {
      Metadata headers = new Metadata();
      headers.put(
          Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
      builder.intercept(MetadataUtils.newAttachHeadersInterceptor(headers));
    }
    builder.intercept(interceptors);
    return builder.build();
  }
}
