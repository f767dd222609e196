package io.lipstream.inference.client;

import java.time.Duration;
import java.util.List;

/**
 * Which inference servers draw, and how they are watched.
 *
 * @param connections to each server; sessions are spread over them
 * @param probePeriod how often a server that answers is asked how it is
 * @param probeTimeout within which it must say so
 * @param longestBackOff between two attempts to reach a server that is away
 * @param giveUpAfter how long frames without a deadline wait for any server
 */
public record FleetSettings(
    List<InferenceTarget> servers,
    int connections,
    Duration probePeriod,
    Duration probeTimeout,
    Duration longestBackOff,
    Duration giveUpAfter) {

  public FleetSettings {
    servers = List.copyOf(servers);
    if (servers.isEmpty()) {
      throw new IllegalArgumentException("at least one server is needed");
    }
    if (connections < 1) {
      throw new IllegalArgumentException("connections must be at least 1: " + connections);
    }
  }

  /** Two connections to each; a server that is back is found within a second. */
  public static FleetSettings of(List<InferenceTarget> servers) {
    return new FleetSettings(
        servers,
        2,
        Duration.ofSeconds(1),
        Duration.ofSeconds(1),
        Duration.ofMillis(800),
        Duration.ofSeconds(30));
  }

  public FleetSettings withConnections(int number) {
    return new FleetSettings(
        servers, number, probePeriod, probeTimeout, longestBackOff, giveUpAfter);
  }

  public FleetSettings withGiveUpAfter(Duration time) {
    return new FleetSettings(servers, connections, probePeriod, probeTimeout, longestBackOff, time);
  }
}
