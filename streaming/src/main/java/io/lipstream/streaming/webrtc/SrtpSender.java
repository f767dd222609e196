package io.lipstream.streaming.webrtc;

import java.security.GeneralSecurityException;

/** Protects what one side sends. One thread at a time. */
final class SrtpSender {
  private final SrtpCipher cipher;
  private final SrtpIndexes sent = new SrtpIndexes();
  private int rtcpIndex;

  SrtpSender(SrtpProfile profile, SrtpKeys keys) {
    cipher = SrtpCipher.of(profile, keys);
  }

  /**
   * Protects an RTP packet in place.
   *
   * <p>A packet number is never used twice: two different packets under one number would give an
   * eavesdropper the authentication key of AES-GCM.
   *
   * @return the new length, or -1 if the packet is no RTP or its number was used before
   */
  int rtp(byte[] packet, int length) {
    int headerBytes = RtpHeader.bytes(packet, length);
    if (headerBytes < 0) {
      return -1;
    }
    int ssrc = RtpHeader.ssrc(packet);
    long index = sent.guess(ssrc, RtpHeader.sequence(packet));
    if (index < 0 || !sent.fresh(ssrc, index)) {
      return -1;
    }
    sent.record(ssrc, index);
    try {
      return cipher.protectRtp(packet, headerBytes, length, index);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("cannot encrypt RTP", e);
    }
  }

  /** Protects a compound RTCP packet in place and returns its new length. */
  int rtcp(byte[] packet, int length) {
    rtcpIndex = rtcpIndex + 1 & 0x7FFF_FFFF;
    try {
      return cipher.protectRtcp(packet, length, rtcpIndex);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("cannot encrypt RTCP", e);
    }
  }
}
