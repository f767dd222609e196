package io.lipstream.streaming.webrtc;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** The session keys of one direction, derived from what DTLS exported (RFC 3711, section 4.3). */
final class SrtpKeys {
  private static final int RTP_ENCRYPTION = 0;
  private static final int RTP_AUTHENTICATION = 1;
  private static final int RTP_SALT = 2;
  private static final int RTCP_ENCRYPTION = 3;
  private static final int RTCP_AUTHENTICATION = 4;
  private static final int RTCP_SALT = 5;

  private static final int AUTHENTICATION_KEY_BYTES = 20;

  final byte[] rtpKey;
  final byte[] rtpAuthenticationKey;
  final byte[] rtpSalt;
  final byte[] rtcpKey;
  final byte[] rtcpAuthenticationKey;
  final byte[] rtcpSalt;

  SrtpKeys(byte[] masterKey, byte[] masterSalt) {
    int saltBytes = masterSalt.length;
    rtpKey = derive(masterKey, masterSalt, RTP_ENCRYPTION, masterKey.length);
    rtpAuthenticationKey =
        derive(masterKey, masterSalt, RTP_AUTHENTICATION, AUTHENTICATION_KEY_BYTES);
    rtpSalt = derive(masterKey, masterSalt, RTP_SALT, saltBytes);
    rtcpKey = derive(masterKey, masterSalt, RTCP_ENCRYPTION, masterKey.length);
    rtcpAuthenticationKey =
        derive(masterKey, masterSalt, RTCP_AUTHENTICATION, AUTHENTICATION_KEY_BYTES);
    rtcpSalt = derive(masterKey, masterSalt, RTCP_SALT, saltBytes);
  }

  /** Keys that were derived elsewhere. */
  SrtpKeys(byte[] key, byte[] authenticationKey, byte[] salt) {
    rtpKey = key;
    rtpAuthenticationKey = authenticationKey;
    rtpSalt = salt;
    rtcpKey = key;
    rtcpAuthenticationKey = authenticationKey;
    rtcpSalt = salt;
  }

  /**
   * What one side sends with.
   *
   * @param material keys of client and server, then salts of client and server (RFC 5764, 4.2)
   */
  static SrtpKeys ofClient(SrtpProfile profile, byte[] material) {
    return cut(profile, material, 0);
  }

  /** As {@link #ofClient}, for what the DTLS server sends with. */
  static SrtpKeys ofServer(SrtpProfile profile, byte[] material) {
    return cut(profile, material, 1);
  }

  private static SrtpKeys cut(SrtpProfile profile, byte[] material, int side) {
    int keyAt = side * SrtpProfile.KEY_BYTES;
    int saltAt = 2 * SrtpProfile.KEY_BYTES + side * profile.saltBytes;
    return new SrtpKeys(
        Arrays.copyOfRange(material, keyAt, keyAt + SrtpProfile.KEY_BYTES),
        Arrays.copyOfRange(material, saltAt, saltAt + profile.saltBytes));
  }

  /** The key derivation rate is 0, as always with DTLS, so the packet's index plays no part. */
  private static byte[] derive(byte[] masterKey, byte[] masterSalt, int label, int bytes) {
    byte[] counter = new byte[16];
    System.arraycopy(masterSalt, 0, counter, 0, masterSalt.length);
    counter[7] ^= (byte) label;
    try {
      Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
      cipher.init(
          Cipher.ENCRYPT_MODE, new SecretKeySpec(masterKey, "AES"), new IvParameterSpec(counter));
      return cipher.doFinal(new byte[bytes]);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES in counter mode is missing from this JDK", e);
    }
  }
}
