package io.lipstream.app.config;

import java.util.Arrays;
import java.util.List;

/**
 * What computes.
 *
 * @param kind local for the devices of this machine, grpc for inference servers of Lipstream's own,
 *     oip for a server that speaks the Open Inference Protocol
 * @param url that server, host:port; of grpc several, separated by commas
 */
public record EngineConfig(String kind, String url) {
  static final EngineConfig DEFAULT = new EngineConfig("local", "");

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
