package io.lipstream.app.config;

import java.util.List;

/**
 * The port that pictures and sound leave by.
 *
 * @param address where it is; empty for the one of server.address
 * @param port of UDP and, with tcp, of TCP; 0 for any free one
 * @param tcp whether browsers may connect over TCP where UDP is blocked
 * @param advertisedAddresses what browsers are told to connect to, behind a translation of
 *     addresses; empty for this machine's own
 * @param iceServers what browsers are told besides
 */
public record WebRtcConfig(
    String address,
    int port,
    boolean tcp,
    List<String> advertisedAddresses,
    List<IceServerConfig> iceServers) {
  static final WebRtcConfig DEFAULT = new WebRtcConfig("", 0, true, List.of(), List.of());

  public WebRtcConfig {
    advertisedAddresses = List.copyOf(advertisedAddresses);
    iceServers = List.copyOf(iceServers);
    Check.range("webrtc.port", port, 0, 65_535);
  }
}
