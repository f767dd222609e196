package io.lipstream.app.config;

import java.util.List;

/**
 * What computes.
 *
 * @param kind local for the devices of this machine, oip for a server that speaks the Open
 *     Inference Protocol
 * @param url that server, host:port
 */
public record EngineConfig(String kind, String url) {
  static final EngineConfig DEFAULT = new EngineConfig("local", "");

  public EngineConfig {
    Check.oneOf("engine.kind", kind, List.of("local", "oip"));
    Check.that(
        kind.equals("oip") || url.isEmpty(), "engine.url", "is for engine.kind: oip; remove it");
    Check.that(
        !kind.equals("oip") || !url.isBlank(),
        "engine.url",
        "is missing: engine.kind: oip needs the other server as host:port");
  }
}
