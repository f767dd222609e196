package io.lipstream.streaming.webrtc;

import io.lipstream.streaming.live.LiveVideoCodec;
import java.util.List;

/**
 * What a peer of our own asks for when it watches.
 *
 * @param codecs of the pictures, the preferred one first
 * @param microphone whether it also sends sound
 * @param tcp whether to go over TCP instead of UDP
 * @param protection of the media, the preferred one first
 */
public record WatchSettings(
    List<LiveVideoCodec> codecs, boolean microphone, boolean tcp, List<SrtpProfile> protection) {

  /** Any codec over UDP, with a microphone. */
  public static final WatchSettings DEFAULT =
      new WatchSettings(
          List.of(LiveVideoCodec.values()), true, false, List.of(SrtpProfile.values()));

  public WatchSettings {
    codecs = List.copyOf(codecs);
    protection = List.copyOf(protection);
    if (codecs.isEmpty() || protection.isEmpty()) {
      throw new IllegalArgumentException("no codec or no protection to offer");
    }
  }

  /** The same with these codecs. */
  public WatchSettings withCodecs(LiveVideoCodec... wanted) {
    return new WatchSettings(List.of(wanted), microphone, tcp, protection);
  }

  /** The same without a microphone. */
  public WatchSettings withoutMicrophone() {
    return new WatchSettings(codecs, false, tcp, protection);
  }

  /** The same over TCP. */
  public WatchSettings overTcp() {
    return new WatchSettings(codecs, microphone, true, protection);
  }

  /** The same with this protection alone. */
  public WatchSettings withProtection(SrtpProfile wanted) {
    return new WatchSettings(codecs, microphone, tcp, List.of(wanted));
  }
}
