package io.lipstream.app.server;

import io.grpc.ServerInterceptor;
import io.lipstream.app.config.AuthConfig;
import io.lipstream.app.config.InferenceConfig;
import io.lipstream.app.config.Secret;
import io.lipstream.app.config.ServerConfig;
import io.lipstream.app.tracing.ServerSpans;
import io.lipstream.app.tracing.Tracing;
import io.lipstream.inference.server.InferenceServer;
import io.lipstream.media.LipstreamException;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the configuration says of a port of gRPC; reads its files, and opens nothing yet.
 *
 * @param tls how connections are encrypted
 * @param token what callers bring; empty for no check
 */
record Rpc(InferenceConfig config, Optional<SslContext> tls, String token) {

  /**
   * Reads certificates and token.
   *
   * @param base where relative paths of the configuration start
   */
  static Rpc of(InferenceConfig config, Path base) {
    AuthConfig auth = config.auth();
    return new Rpc(
        config,
        ServerTls.context(config.tls(), base),
        token("auth", auth.token(), auth.tokenFile(), base));
  }

  /** A token that is set, or the first line of the file that is named instead. */
  static String token(String section, Secret token, String tokenFile, Path base) {
    if (tokenFile.isEmpty()) {
      return token.value();
    }
    Path file = base.resolve(tokenFile);
    try {
      Optional<String> first = Files.readString(file).lines().findFirst().map(String::strip);
      if (first.isPresent() && first.get().length() >= AuthConfig.SHORTEST) {
        return first.get();
      }
      throw new LipstreamException(
          LipstreamException.Kind.CONFIGURATION,
          section + ".token_file: the first line of " + file + " is no token",
          "a token has at least " + AuthConfig.SHORTEST + " characters: openssl rand -hex 24");
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.CONFIGURATION,
          section + ".token_file: " + file + " cannot be read",
          "name a file that holds the token",
          e);
    }
  }

  /** The port, whose calls are logged, traced and checked. */
  InferenceServer.Options options(Tracing tracing) {
    List<ServerInterceptor> interceptors = new ArrayList<>();
    interceptors.add(new RequestIds(config.logging().logInferenceTimes(), System::nanoTime));
    interceptors.add(new ServerSpans(tracing.tracer()));
    if (!token.isEmpty()) {
      interceptors.add(new TokenCheck(token, config.auth().scope().equals("all")));
    }
    ServerConfig server = config.server();
    return new InferenceServer.Options(
        server.address(),
        server.port(),
        server.maxMessageBytes(),
        server.maxConcurrentRequests(),
        Duration.ofSeconds(server.drainTimeoutSeconds()),
        tls,
        interceptors);
  }
}
