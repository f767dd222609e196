package io.lipstream.streaming.webrtc;

import java.security.GeneralSecurityException;

/**
 * Encrypts or decrypts the packets of one direction in place; which packet numbers are used is its
 * caller's concern. One thread at a time.
 */
sealed interface SrtpCipher permits GcmSrtpCipher, CounterSrtpCipher {

  /** What protecting a packet appends at most, so the free bytes it needs. */
  int MAX_TRAILER_BYTES = 20;

  static SrtpCipher of(SrtpProfile profile, SrtpKeys keys) {
    return switch (profile) {
      case AEAD_AES_128_GCM -> new GcmSrtpCipher(keys);
      case AES128_CM_HMAC_SHA1_80 -> new CounterSrtpCipher(keys);
    };
  }

  /**
   * Encrypts an RTP packet.
   *
   * @param headerBytes what stays readable
   * @param index rollover counter and sequence number, 48 bits
   * @return the new length
   */
  int protectRtp(byte[] packet, int headerBytes, int length, long index)
      throws GeneralSecurityException;

  /** Decrypts an RTP packet; returns the new length, or -1 if it is forged or too short. */
  int unprotectRtp(byte[] packet, int headerBytes, int length, long index)
      throws GeneralSecurityException;

  /** Encrypts a compound RTCP packet under the 31-bit index, which it appends. */
  int protectRtcp(byte[] packet, int length, int index) throws GeneralSecurityException;

  /** Decrypts a compound RTCP packet; returns the new length, or -1 if forged or too short. */
  int unprotectRtcp(byte[] packet, int length) throws GeneralSecurityException;

  /** The index that an encrypted RTCP packet claims, or -1 if it is too short or not encrypted. */
  int rtcpIndex(byte[] packet, int length);
}
