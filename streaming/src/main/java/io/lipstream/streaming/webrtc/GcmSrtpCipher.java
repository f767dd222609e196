package io.lipstream.streaming.webrtc;

import java.security.GeneralSecurityException;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** AEAD_AES_128_GCM (RFC 7714). */
final class GcmSrtpCipher implements SrtpCipher {
  private static final int TAG_BYTES = 16;
  private static final int RTCP_HEADER_BYTES = 8;
  private static final int ENCRYPTED_FLAG = 0x8000_0000;

  private final SecretKeySpec rtpKey;
  private final SecretKeySpec rtcpKey;
  private final byte[] rtpSalt;
  private final byte[] rtcpSalt;
  private final byte[] nonce = new byte[12];
  private final byte[] indexWord = new byte[4];
  private final Cipher cipher;

  GcmSrtpCipher(SrtpKeys keys) {
    rtpKey = new SecretKeySpec(keys.rtpKey, "AES");
    rtcpKey = new SecretKeySpec(keys.rtcpKey, "AES");
    rtpSalt = keys.rtpSalt;
    rtcpSalt = keys.rtcpSalt;
    try {
      cipher = Cipher.getInstance("AES/GCM/NoPadding");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM is missing from this JDK", e);
    }
  }

  @Override
  public int protectRtp(byte[] packet, int headerBytes, int length, long index)
      throws GeneralSecurityException {
    initRtp(Cipher.ENCRYPT_MODE, packet, index);
    cipher.updateAAD(packet, 0, headerBytes);
    return headerBytes
        + cipher.doFinal(packet, headerBytes, length - headerBytes, packet, headerBytes);
  }

  @Override
  public int unprotectRtp(byte[] packet, int headerBytes, int length, long index)
      throws GeneralSecurityException {
    if (length < headerBytes + TAG_BYTES) {
      return -1;
    }
    initRtp(Cipher.DECRYPT_MODE, packet, index);
    cipher.updateAAD(packet, 0, headerBytes);
    return decrypt(packet, headerBytes, length - headerBytes);
  }

  @Override
  public int protectRtcp(byte[] packet, int length, int index) throws GeneralSecurityException {
    initRtcp(Cipher.ENCRYPT_MODE, packet, index);
    Bytes.putInt32(indexWord, 0, index | ENCRYPTED_FLAG);
    cipher.updateAAD(packet, 0, RTCP_HEADER_BYTES);
    cipher.updateAAD(indexWord);
    int end =
        RTCP_HEADER_BYTES
            + cipher.doFinal(
                packet, RTCP_HEADER_BYTES, length - RTCP_HEADER_BYTES, packet, RTCP_HEADER_BYTES);
    Bytes.putInt32(packet, end, index | ENCRYPTED_FLAG);
    return end + 4;
  }

  @Override
  public int unprotectRtcp(byte[] packet, int length) throws GeneralSecurityException {
    int index = rtcpIndex(packet, length);
    if (index < 0) {
      return -1;
    }
    initRtcp(Cipher.DECRYPT_MODE, packet, index);
    cipher.updateAAD(packet, 0, RTCP_HEADER_BYTES);
    cipher.updateAAD(packet, length - 4, 4);
    return decrypt(packet, RTCP_HEADER_BYTES, length - 4 - RTCP_HEADER_BYTES);
  }

  @Override
  public int rtcpIndex(byte[] packet, int length) {
    if (length < RTCP_HEADER_BYTES + TAG_BYTES + 4) {
      return -1;
    }
    int word = Bytes.int32(packet, length - 4);
    return (word & ENCRYPTED_FLAG) == 0 ? -1 : word & ~ENCRYPTED_FLAG;
  }

  private int decrypt(byte[] packet, int headerBytes, int bytes) throws GeneralSecurityException {
    try {
      return headerBytes + cipher.doFinal(packet, headerBytes, bytes, packet, headerBytes);
    } catch (AEADBadTagException e) {
      return -1;
    }
  }

  private void initRtp(int mode, byte[] packet, long index) throws GeneralSecurityException {
    System.arraycopy(rtpSalt, 0, nonce, 0, nonce.length);
    Bytes.xorInt32(nonce, 2, Bytes.int32(packet, 8));
    Bytes.xorInt32(nonce, 6, (int) (index >>> 16));
    nonce[10] ^= (byte) (index >>> 8);
    nonce[11] ^= (byte) index;
    cipher.init(mode, rtpKey, new GCMParameterSpec(TAG_BYTES * 8, nonce));
  }

  private void initRtcp(int mode, byte[] packet, int index) throws GeneralSecurityException {
    System.arraycopy(rtcpSalt, 0, nonce, 0, nonce.length);
    Bytes.xorInt32(nonce, 2, Bytes.int32(packet, 4));
    Bytes.xorInt32(nonce, 8, index);
    cipher.init(mode, rtcpKey, new GCMParameterSpec(TAG_BYTES * 8, nonce));
  }
}
