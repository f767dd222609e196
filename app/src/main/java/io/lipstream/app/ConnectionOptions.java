package io.lipstream.app;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * How an inference server is spoken to.
 *
 * <p>Names no class of gRPC, so that commands which may do without one do not load it.
 */
final class ConnectionOptions {
  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      description = "The inference server's token; visible to others in the list of processes.")
  @Nullable String token;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "A file with the token on its first line.")
  @Nullable Path tokenFile;

  @Option(names = "--tls", description = "Encrypt; trusts the machine's certificates.")
  boolean tls;

  @Option(
      names = "--tls-ca",
      paramLabel = "FILE.pem",
      description = "Encrypt, and trust these authorities instead.")
  @Nullable Path tlsCa;

  @Option(
      names = "--tls-cert",
      paramLabel = "FILE.pem",
      description = "Our own certificate, where the server wants one; needs --tls-key.")
  @Nullable Path tlsCertificate;

  @Option(names = "--tls-key", paramLabel = "FILE.pem", description = "Its key, PKCS #8.")
  @Nullable Path tlsKey;

  @Option(
      names = "--otlp",
      paramLabel = "URL",
      description =
          "Send OpenTelemetry spans of the calls to this collector, such as"
              + " http://localhost:4318/v1/traces.")
  @Nullable String otlp;
}
