package io.lipstream.app;

import io.grpc.netty.GrpcSslContexts;
import io.lipstream.app.config.TracingConfig;
import io.lipstream.app.tracing.ClientSpans;
import io.lipstream.app.tracing.Tracing;
import io.lipstream.inference.client.InferenceTarget;
import io.lipstream.media.LipstreamException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Where the options lead; close sends the spans that wait. */
final class InferenceConnection implements AutoCloseable {
  private final InferenceTarget target;
  private final @Nullable Tracing tracing;

  /**
   * Reads the options; connects to nothing yet.
   *
   * @param server HOST:PORT
   */
  InferenceConnection(String server, ConnectionOptions options) {
    InferenceTarget plain = InferenceTarget.parse(server).withToken(token(options));
    boolean encrypted = options.tls || options.tlsCa != null || options.tlsCertificate != null;
    InferenceTarget reached = encrypted ? plain.withTls(tls(options)) : plain;
    if (options.otlp == null) {
      tracing = null;
      target = reached;
    } else {
      tracing = Tracing.of(new TracingConfig("otlp", options.otlp, 1), "lipstream");
      target = reached.withInterceptors(List.of(new ClientSpans(tracing.tracer())));
    }
  }

  InferenceTarget target() {
    return target;
  }

  private static String token(ConnectionOptions options) {
    if (options.tokenFile == null) {
      return options.token == null ? "" : options.token;
    }
    try {
      return Files.readString(options.tokenFile).lines().findFirst().orElse("").strip();
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "the token file " + options.tokenFile + " cannot be read",
          "--token-file names a file with the token on its first line",
          e);
    }
  }

  private static SslContext tls(ConnectionOptions options) {
    try {
      SslContextBuilder builder = GrpcSslContexts.forClient();
      if (options.tlsCa != null) {
        builder.trustManager(readable(options.tlsCa));
      }
      if (options.tlsCertificate != null && options.tlsKey != null) {
        builder.keyManager(readable(options.tlsCertificate), readable(options.tlsKey));
      } else if (options.tlsCertificate != null || options.tlsKey != null) {
        throw new LipstreamException(
            LipstreamException.Kind.INPUT,
            "--tls-cert and --tls-key belong together",
            "name both, or neither");
      }
      return builder.build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "TLS cannot be set up: " + e.getMessage(),
          "certificates must be PEM, a key PEM in PKCS #8 without a password",
          e);
    }
  }

  private static File readable(Path file) {
    if (!Files.isReadable(file)) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT, file + " cannot be read", "name a PEM file");
    }
    return file.toFile();
  }

  @Override
  public void close() {
    if (tracing != null) {
      tracing.close();
    }
  }
}
