package io.lipstream.app.config;

import java.util.Arrays;
import java.util.List;

/**
 * What computes.
 *
 * @param kind local for the devices of this machine, grpc for inference servers of Lipstream's own,
 *     oip for a server that speaks the Open Inference Protocol
 * @param url that server, host:port; of grpc several, separated by commas
 * @param token of the inference servers
 * @param tokenFile a file that holds it instead
 * @param tls whether inference servers are spoken to encrypted
 * @param tlsCa whom to trust there, PEM; empty for the machine's own list
 * @param connections to each inference server
 */
public record EngineConfig(
    String kind,
    String url,
    Secret token,
    String tokenFile,
    boolean tls,
    String tlsCa,
    int connections) {
  static final EngineConfig DEFAULT = of("local", "");

  public EngineConfig {
    Check.oneOf("engine.kind", kind, List.of("local", "grpc", "oip"));
    Check.that(
        !kind.equals("local") || url.isEmpty(),
        "engine.url",
        "is for engine.kind: grpc or oip; remove it");
    Check.that(
        kind.equals("local") || !url.isBlank(),
        "engine.url",
        "is missing: engine.kind: " + kind + " needs the other server as host:port");
    Check.range("engine.connections", connections, 1, 64);
    requireFleet(kind, "engine.token", !token.isPresent());
    requireFleet(kind, "engine.token_file", tokenFile.isEmpty());
    requireFleet(kind, "engine.tls", !tls);
    requireFleet(kind, "engine.tls_ca", tlsCa.isEmpty());
    requireFleet(kind, "engine.connections", connections == 2);
    Check.that(
        !token.isPresent() || tokenFile.isEmpty(),
        "engine.token_file",
        "and engine.token cannot both be set: keep one");
  }

  private static void requireFleet(String kind, String key, boolean isDefault) {
    Check.that(kind.equals("grpc") || isDefault, key, "is for engine.kind: grpc; remove it");
  }

  /** A kind and where it is, nothing else. */
  static EngineConfig of(String kind, String url) {
    return new EngineConfig(kind, url, Secret.NONE, "", false, "", 2);
  }

  /** Inference servers, host:port with commas between them. */
  public static EngineConfig grpc(String url) {
    return of("grpc", url);
  }

  /** Whether the devices of this machine compute. */
  public boolean computesHere() {
    return kind.equals("local");
  }

  /** The other servers. */
  public List<String> urls() {
    return Arrays.stream(url.split(",", -1)).map(String::strip).toList();
  }
}
