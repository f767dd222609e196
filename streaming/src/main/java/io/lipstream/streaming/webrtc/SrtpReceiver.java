package io.lipstream.streaming.webrtc;

import java.security.GeneralSecurityException;

/** Checks and decrypts what one side receives, each packet once. One thread at a time. */
final class SrtpReceiver {
  private final SrtpCipher cipher;
  private final SrtpIndexes rtpSeen = new SrtpIndexes();
  private final SrtpIndexes rtcpSeen = new SrtpIndexes();

  SrtpReceiver(SrtpProfile profile, SrtpKeys keys) {
    cipher = SrtpCipher.of(profile, keys);
  }

  /** Decrypts in place; returns the new length, or -1 for a packet that is forged or repeated. */
  int rtp(byte[] packet, int length) {
    int headerBytes = RtpHeader.bytes(packet, length);
    if (headerBytes < 0) {
      return -1;
    }
    int ssrc = RtpHeader.ssrc(packet);
    long index = rtpSeen.guess(ssrc, RtpHeader.sequence(packet));
    if (index < 0 || !rtpSeen.fresh(ssrc, index)) {
      return -1;
    }
    try {
      int plain = cipher.unprotectRtp(packet, headerBytes, length, index);
      if (plain >= 0) {
        rtpSeen.record(ssrc, index);
      }
      return plain;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("cannot decrypt RTP", e);
    }
  }

  /** As {@link #rtp}, for a compound RTCP packet. */
  int rtcp(byte[] packet, int length) {
    int index = cipher.rtcpIndex(packet, length);
    if (index < 0) {
      return -1;
    }
    int ssrc = Bytes.int32(packet, 4);
    if (!rtcpSeen.fresh(ssrc, index)) {
      return -1;
    }
    try {
      int plain = cipher.unprotectRtcp(packet, length);
      if (plain >= 0) {
        rtcpSeen.record(ssrc, index);
      }
      return plain;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("cannot decrypt RTCP", e);
    }
  }
}
