package io.lipstream.app.server;

import io.grpc.netty.GrpcSslContexts;
import io.lipstream.app.config.TlsConfig;
import io.lipstream.media.LipstreamException;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ssl.SSLException;

/** TLS, from PEM files. */
final class ServerTls {
  private ServerTls() {}

  /**
   * Reads the files.
   *
   * @param base where relative paths start
   * @throws LipstreamException CONFIGURATION if one is missing or is not what it should be
   */
  static Optional<SslContext> context(TlsConfig config, Path base) {
    if (!config.enabled()) {
      return Optional.empty();
    }
    File certificate = file("tls.certificate", config.certificate(), base);
    File key = file("tls.private_key", config.privateKey(), base);
    try {
      SslContextBuilder builder =
          GrpcSslContexts.configure(SslContextBuilder.forServer(certificate, key));
      if (!config.clientCa().isEmpty()) {
        builder
            .trustManager(file("tls.client_ca", config.clientCa(), base))
            .clientAuth(ClientAuth.REQUIRE);
      }
      return Optional.of(builder.build());
    } catch (SSLException | IllegalArgumentException e) {
      throw new LipstreamException(
          LipstreamException.Kind.CONFIGURATION,
          "tls cannot be set up from " + certificate + " and " + key + ": " + e.getMessage(),
          "the certificate must be PEM, the key PEM in PKCS #8 without a password:"
              + " openssl pkcs8 -topk8 -nocrypt",
          e);
    }
  }

  /** The client's side: whom to trust, PEM, or the machine's own list. */
  static Optional<SslContext> client(boolean on, String ca, Path base) {
    if (!on && ca.isEmpty()) {
      return Optional.empty();
    }
    try {
      SslContextBuilder builder = GrpcSslContexts.forClient();
      if (!ca.isEmpty()) {
        builder.trustManager(file("engine.tls_ca", ca, base));
      }
      return Optional.of(builder.build());
    } catch (SSLException | IllegalArgumentException e) {
      throw new LipstreamException(
          LipstreamException.Kind.CONFIGURATION,
          "engine.tls cannot be set up: " + e.getMessage(),
          "the authority's certificate must be PEM",
          e);
    }
  }

  private static File file(String key, String path, Path base) {
    Path file = base.resolve(path);
    if (!Files.isReadable(file)) {
      throw new LipstreamException(
          LipstreamException.Kind.CONFIGURATION,
          key + ": " + file + " cannot be read",
          "name a PEM file; relative paths start at the configuration file");
    }
    return file.toFile();
  }
}
