package io.lipstream.streaming.webrtc;

import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.rtp.RtpSettings.Bitrate;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How an endpoint meets browsers.
 *
 * @param bindAddress the address to listen on; the wildcard for all
 * @param thisMachineOnly whether only browsers of this machine may connect, at whichever of its
 *     addresses they call: pages in Firefox never call 127.0.0.1
 * @param port of UDP and TCP alike; 0 takes any free one
 * @param tcp whether to accept ICE over TCP, for networks that stop UDP
 * @param advertised addresses told to browsers instead of this machine's own, for a machine behind
 *     a NAT that forwards the port; empty for the machine's own
 * @param preferredVideo the codec to take wherever a browser has it; empty for the browser's choice
 * @param bitrate bounds of what each browser is sent
 * @param connectTimeout from the answer until media can flow
 * @param consentTimeout without a sign of the browser's consent (RFC 7675 says 30 s)
 */
public record WebRtcSettings(
    InetAddress bindAddress,
    boolean thisMachineOnly,
    int port,
    boolean tcp,
    List<InetAddress> advertised,
    Optional<LiveVideoCodec> preferredVideo,
    Bitrate bitrate,
    Duration connectTimeout,
    Duration consentTimeout) {
  private static final InetAddress ANY = new InetSocketAddress(0).getAddress();

  public WebRtcSettings {
    advertised = List.copyOf(advertised);
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port " + port);
    }
    if (connectTimeout.isNegative() || connectTimeout.isZero()) {
      throw new IllegalArgumentException("connect timeout " + connectTimeout);
    }
    if (consentTimeout.isNegative() || consentTimeout.isZero()) {
      throw new IllegalArgumentException("consent timeout " + consentTimeout);
    }
  }

  /** All addresses of this machine, UDP and TCP, the browser's choice of codec. */
  public static WebRtcSettings onPort(int port) {
    return new WebRtcSettings(
        ANY,
        false,
        port,
        true,
        List.of(),
        Optional.empty(),
        Bitrate.DEFAULT,
        Duration.ofSeconds(20),
        Duration.ofSeconds(30));
  }

  /** The same on one address. */
  public WebRtcSettings withBindAddress(InetAddress address) {
    return new WebRtcSettings(
        address,
        false,
        port,
        tcp,
        advertised,
        preferredVideo,
        bitrate,
        connectTimeout,
        consentTimeout);
  }

  /** The same for browsers of this machine alone, on all its addresses. */
  public WebRtcSettings onlyThisMachine() {
    return new WebRtcSettings(
        ANY, true, port, tcp, advertised, preferredVideo, bitrate, connectTimeout, consentTimeout);
  }

  /** The same with or without TCP. */
  public WebRtcSettings withTcp(boolean on) {
    return new WebRtcSettings(
        bindAddress,
        thisMachineOnly,
        port,
        on,
        advertised,
        preferredVideo,
        bitrate,
        connectTimeout,
        consentTimeout);
  }

  /** The same behind these addresses. */
  public WebRtcSettings withAdvertised(List<InetAddress> addresses) {
    return new WebRtcSettings(
        bindAddress,
        thisMachineOnly,
        port,
        tcp,
        addresses,
        preferredVideo,
        bitrate,
        connectTimeout,
        consentTimeout);
  }

  /** The same with a codec to prefer. */
  public WebRtcSettings withPreferredVideo(LiveVideoCodec codec) {
    return new WebRtcSettings(
        bindAddress,
        thisMachineOnly,
        port,
        tcp,
        advertised,
        Optional.of(codec),
        bitrate,
        connectTimeout,
        consentTimeout);
  }

  /** The same with other bounds on the bitrate. */
  public WebRtcSettings withBitrate(Bitrate other) {
    return new WebRtcSettings(
        bindAddress,
        thisMachineOnly,
        port,
        tcp,
        advertised,
        preferredVideo,
        other,
        connectTimeout,
        consentTimeout);
  }
}
