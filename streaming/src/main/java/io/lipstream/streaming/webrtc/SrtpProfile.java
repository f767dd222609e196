package io.lipstream.streaming.webrtc;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The ways to protect media that DTLS negotiates (RFC 5764, RFC 7714), the one we prefer first. */
public enum SrtpProfile {
  /** One pass of hardware-supported AES. */
  AEAD_AES_128_GCM(7, 12),
  /** Every browser has it. */
  AES128_CM_HMAC_SHA1_80(1, 14);

  static final int KEY_BYTES = 16;

  final int number;
  final int saltBytes;

  SrtpProfile(int number, int saltBytes) {
    this.number = number;
    this.saltBytes = saltBytes;
  }

  /** Bytes that DTLS exports for both directions. */
  int keyingMaterialBytes() {
    return 2 * (KEY_BYTES + saltBytes);
  }

  /** The first of ours that is among the other side's, or null. */
  static @Nullable SrtpProfile choose(List<SrtpProfile> ours, int[] offered) {
    for (SrtpProfile profile : ours) {
      for (int number : offered) {
        if (number == profile.number) {
          return profile;
        }
      }
    }
    return null;
  }

  /** Profiles as DTLS wants them. */
  static int[] numbers(List<SrtpProfile> profiles) {
    return profiles.stream().mapToInt(profile -> profile.number).toArray();
  }
}
