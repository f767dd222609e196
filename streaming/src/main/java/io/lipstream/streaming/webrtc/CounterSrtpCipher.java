package io.lipstream.streaming.webrtc;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** AES_CM_128_HMAC_SHA1_80 (RFC 3711): encrypt, then authenticate with 80 bits. */
final class CounterSrtpCipher implements SrtpCipher {
  private static final int TAG_BYTES = 10;
  private static final int RTCP_HEADER_BYTES = 8;
  private static final int ENCRYPTED_FLAG = 0x8000_0000;
  private static final String MAC = "HmacSHA1";

  private final SecretKeySpec rtpKey;
  private final SecretKeySpec rtcpKey;
  private final byte[] rtpSalt;
  private final byte[] rtcpSalt;
  private final byte[] counter = new byte[16];
  private final byte[] rollover = new byte[4];
  private final byte[] tag = new byte[20];
  private final Cipher cipher;
  private final Mac rtpMac;
  private final Mac rtcpMac;

  CounterSrtpCipher(SrtpKeys keys) {
    rtpKey = new SecretKeySpec(keys.rtpKey, "AES");
    rtcpKey = new SecretKeySpec(keys.rtcpKey, "AES");
    rtpSalt = keys.rtpSalt;
    rtcpSalt = keys.rtcpSalt;
    try {
      cipher = Cipher.getInstance("AES/CTR/NoPadding");
      rtpMac = Mac.getInstance(MAC);
      rtpMac.init(new SecretKeySpec(keys.rtpAuthenticationKey, MAC));
      rtcpMac = Mac.getInstance(MAC);
      rtcpMac.init(new SecretKeySpec(keys.rtcpAuthenticationKey, MAC));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES in counter mode or HMAC is missing from this JDK", e);
    }
  }

  @Override
  public int protectRtp(byte[] packet, int headerBytes, int length, long index)
      throws GeneralSecurityException {
    crypt(rtpKey, rtpSalt, Bytes.int32(packet, 8), index, packet, headerBytes, length);
    tagRtp(packet, length, index);
    System.arraycopy(tag, 0, packet, length, TAG_BYTES);
    return length + TAG_BYTES;
  }

  @Override
  public int unprotectRtp(byte[] packet, int headerBytes, int length, long index)
      throws GeneralSecurityException {
    int plain = length - TAG_BYTES;
    if (plain < headerBytes) {
      return -1;
    }
    tagRtp(packet, plain, index);
    if (!tagMatches(packet, plain)) {
      return -1;
    }
    crypt(rtpKey, rtpSalt, Bytes.int32(packet, 8), index, packet, headerBytes, plain);
    return plain;
  }

  @Override
  public int protectRtcp(byte[] packet, int length, int index) throws GeneralSecurityException {
    crypt(rtcpKey, rtcpSalt, Bytes.int32(packet, 4), index, packet, RTCP_HEADER_BYTES, length);
    Bytes.putInt32(packet, length, index | ENCRYPTED_FLAG);
    tagRtcp(packet, length + 4);
    System.arraycopy(tag, 0, packet, length + 4, TAG_BYTES);
    return length + 4 + TAG_BYTES;
  }

  @Override
  public int unprotectRtcp(byte[] packet, int length) throws GeneralSecurityException {
    int index = rtcpIndex(packet, length);
    if (index < 0) {
      return -1;
    }
    int indexed = length - TAG_BYTES;
    tagRtcp(packet, indexed);
    if (!tagMatches(packet, indexed)) {
      return -1;
    }
    int plain = indexed - 4;
    crypt(rtcpKey, rtcpSalt, Bytes.int32(packet, 4), index, packet, RTCP_HEADER_BYTES, plain);
    return plain;
  }

  @Override
  public int rtcpIndex(byte[] packet, int length) {
    if (length < RTCP_HEADER_BYTES + 4 + TAG_BYTES) {
      return -1;
    }
    int word = Bytes.int32(packet, length - TAG_BYTES - 4);
    return (word & ENCRYPTED_FLAG) == 0 ? -1 : word & ~ENCRYPTED_FLAG;
  }

  private void crypt(
      SecretKeySpec key, byte[] salt, int ssrc, long index, byte[] packet, int from, int to)
      throws GeneralSecurityException {
    System.arraycopy(salt, 0, counter, 0, salt.length);
    counter[14] = 0;
    counter[15] = 0;
    Bytes.xorInt32(counter, 4, ssrc);
    Bytes.xorInt32(counter, 8, (int) (index >>> 16));
    counter[12] ^= (byte) (index >>> 8);
    counter[13] ^= (byte) index;
    cipher.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(counter));
    cipher.doFinal(packet, from, to - from, packet, from);
  }

  private void tagRtp(byte[] packet, int length, long index) throws GeneralSecurityException {
    rtpMac.update(packet, 0, length);
    Bytes.putInt32(rollover, 0, (int) (index >>> 16));
    rtpMac.update(rollover);
    rtpMac.doFinal(tag, 0);
  }

  private void tagRtcp(byte[] packet, int length) throws GeneralSecurityException {
    rtcpMac.update(packet, 0, length);
    rtcpMac.doFinal(tag, 0);
  }

  /** Looks at every byte whatever the first ones say, so that time tells nothing. */
  private boolean tagMatches(byte[] packet, int at) {
    int difference = 0;
    for (int i = 0; i < TAG_BYTES; i++) {
      difference |= tag[i] ^ packet[at + i];
    }
    return difference == 0;
  }
}
