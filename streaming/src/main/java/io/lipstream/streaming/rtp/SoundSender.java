package io.lipstream.streaming.rtp;

import io.lipstream.streaming.live.EncodedSound;

/** Sound on its way out (RFC 7587): a packet is one Opus packet and never waits. */
final class SoundSender {
  private final RtpSettings.Track track;
  private final PacketSender sender;
  private final MediaClock clock;
  private final TrackHeader header;
  private long sequence;
  private boolean silent = true;
  private long soundsSent;
  private long payloadBytesSent;

  SoundSender(RtpSettings settings, PacketSender sender, MediaClock clock, Start start) {
    this.track = settings.sound();
    this.sender = sender;
    this.clock = clock;
    header = new TrackHeader(track.ssrc(), track.payloadType(), track.mid(), track.extensions());
    sequence = start.soundSequence();
  }

  /** Returns how many bytes left. */
  int send(EncodedSound sound, long nowNanos) {
    if (sound.length() == 0 || header.bytes() + sound.length() > RtpSession.MAX_PACKET_BYTES) {
      return 0;
    }
    byte[] scratch = sender.scratch();
    // The marker says that a talkspurt begins (RFC 7587, section 4.2).
    header.write(scratch, 0, silent, sequence++, clock.soundTimestamp(sound.ptsNanos()));
    silent = false;
    System.arraycopy(sound.data(), 0, scratch, header.bytes(), sound.length());
    int bytes = header.bytes() + sound.length();
    soundsSent++;
    payloadBytesSent += sound.length();
    sender.stamp(header, scratch, 0, bytes, nowNanos);
    sender.sendScratch(bytes);
    return bytes;
  }

  void report(RtcpWriter rtcp, Reception microphone, String cname, long nowNanos) {
    rtcp.senderReport(
        track.ssrc(),
        clock.ntp(nowNanos),
        clock.soundTimestamp(nowNanos),
        soundsSent,
        payloadBytesSent);
    if (microphone.known()) {
      rtcp.reportOn(microphone, nowNanos);
    }
    rtcp.description(track.ssrc(), cname);
  }

  RtpSettings.Track track() {
    return track;
  }

  long soundsSent() {
    return soundsSent;
  }
}
