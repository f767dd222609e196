package io.lipstream.streaming.webrtc;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class SrtpTest {
  private static final byte[] MASTER_KEY = Hex.bytes("e1f97a0d3e018be0d64fa32c06de4139");
  private static final byte[] MASTER_SALT = Hex.bytes("0ec675ad498afeebb6960b3aabe6");

  @Test
  void derivesTheKeysOfRfc3711() { // appendix B.3
    SrtpKeys keys = new SrtpKeys(MASTER_KEY, MASTER_SALT);
    assertThat(keys.rtpKey).isEqualTo(Hex.bytes("c61e7a93744f39ee10734afe3ff7a087"));
    assertThat(keys.rtpSalt).isEqualTo(Hex.bytes("30cbbc08863d8c85d49db34a9ae1"));
    assertThat(keys.rtpAuthenticationKey)
        .isEqualTo(Hex.bytes("cebe321f6ff7716b6fd4ab49af256a156d38baa4"));
  }

  @Test
  void makesTheKeystreamOfRfc3711() throws GeneralSecurityException { // appendix B.2
    CounterSrtpCipher cipher =
        new CounterSrtpCipher(
            new SrtpKeys(
                Hex.bytes("2b7e151628aed2a6abf7158809cf4f3c"),
                new byte[20],
                Hex.bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfd")));
    byte[] packet = new byte[12 + 48 + SrtpCipher.MAX_TRAILER_BYTES];
    cipher.protectRtp(packet, 12, 12 + 48, 0);
    assertThat(Arrays.copyOfRange(packet, 12, 60))
        .isEqualTo(
            Hex.bytes(
                "e03ead0935c95e80e166b16dd92b4eb4",
                "d23513162b02d0f72a43a2fe4a5f97ab",
                "41e95b3bb0a2e8dd477901e4fca894c0"));
  }

  @Test
  void encryptsTheRtpOfRfc7714() throws GeneralSecurityException { // section 16.1.1
    byte[] plain =
        Hex.bytes(
            "8040f17b8041f8d35501a0b2",
            "47616c6c696120657374206f6d6e6973",
            "20646976697361",
            "20696e207061727465732074726573");
    byte[] packet = Arrays.copyOf(plain, plain.length + SrtpCipher.MAX_TRAILER_BYTES);
    int length = rfc7714().protectRtp(packet, 12, plain.length, 0xf17b);
    assertThat(Arrays.copyOf(packet, length))
        .isEqualTo(
            Hex.bytes(
                "8040f17b8041f8d35501a0b2",
                "f24de3a3fb34de6cacba861c9d7e4bca",
                "be633bd50d294e6f42a5f47a51c7d19b",
                "36de3adf8833899d7f27beb16a9152cf",
                "765ee4390cce"));
    assertThat(rfc7714().unprotectRtp(packet, 12, length, 0xf17b)).isEqualTo(plain.length);
    assertThat(Arrays.copyOf(packet, plain.length)).isEqualTo(plain);
  }

  @Test
  void encryptsTheRtcpOfRfc7714() throws GeneralSecurityException { // section 17.1
    byte[] plain =
        Hex.bytes(
            "81c8000d4d6172734e5450314e545032",
            "525450200000042a0000e9304c756e61",
            "deadbeefdeadbeefdeadbeefdeadbeef",
            "deadbeef");
    byte[] packet = Arrays.copyOf(plain, plain.length + SrtpCipher.MAX_TRAILER_BYTES);
    int length = rfc7714().protectRtcp(packet, plain.length, 0x5d4);
    assertThat(Arrays.copyOf(packet, length))
        .isEqualTo(
            Hex.bytes(
                "81c8000d4d61727363e94885dcdab67c",
                "a727d7662f6b7e997ff5c0f76c06f32d",
                "c676a5f1730d6fda4ce09b4686303ded",
                "0bb9275bc84aa45896cf4d2fc5abf872",
                "45d9eade800005d4"));
    assertThat(rfc7714().unprotectRtcp(packet, length)).isEqualTo(plain.length);
    assertThat(Arrays.copyOf(packet, plain.length)).isEqualTo(plain);
  }

  private static GcmSrtpCipher rfc7714() {
    return new GcmSrtpCipher(
        new SrtpKeys(
            Hex.bytes("000102030405060708090a0b0c0d0e0f"),
            new byte[20],
            Hex.bytes("517569642070726f2071756f")));
  }

  @ParameterizedTest
  @EnumSource(SrtpProfile.class)
  void carriesPacketsAcrossManyRollovers(SrtpProfile profile) {
    SrtpSender sender = sender(profile);
    SrtpReceiver receiver = receiver(profile);
    for (int i = 0; i < 200_000; i += 997) {
      byte[] packet = rtp(7, 60_000 + i & 0xFFFF, 100);
      byte[] plain = Arrays.copyOf(packet, 112);
      int length = sender.rtp(packet, 112);
      assertThat(length).isGreaterThan(112);
      assertThat(receiver.rtp(packet, length)).as("packet %d", i).isEqualTo(112);
      assertThat(Arrays.copyOf(packet, 112)).isEqualTo(plain);
    }
  }

  @ParameterizedTest
  @EnumSource(SrtpProfile.class)
  void acceptsEachPacketOnceInAnyOrderWithinTheWindow(SrtpProfile profile) {
    SrtpSender sender = sender(profile);
    byte[][] packets = new byte[3 * SrtpIndexes.WINDOW][];
    for (int i = 0; i < packets.length; i++) {
      packets[i] = rtp(7, 65_000 + i & 0xFFFF, 20);
      packets[i] = Arrays.copyOf(packets[i], sender.rtp(packets[i], 32));
    }
    SrtpReceiver receiver = receiver(profile);
    int half = SrtpIndexes.WINDOW / 2;
    for (int i = 0; i + half <= packets.length; i += half) {
      for (int k = i + half - 1; k >= i; k--) { // each half window backwards
        assertThat(receiver.rtp(packets[k].clone(), packets[k].length)).isEqualTo(32);
        assertThat(receiver.rtp(packets[k].clone(), packets[k].length)).isEqualTo(-1);
      }
    }
    for (byte[] packet : packets) {
      assertThat(receiver.rtp(packet.clone(), packet.length)).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @EnumSource(SrtpProfile.class)
  void refusesPacketsWithAChangedBit(SrtpProfile profile) {
    byte[] packet = rtp(7, 5, 40);
    int length = sender(profile).rtp(packet, 52);
    byte[] report = report(7, 52);
    int reportLength = sender(profile).rtcp(report, 52);
    SrtpReceiver receiver = receiver(profile);
    for (int bit = 0; bit < length * 8; bit++) {
      byte[] changed = packet.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(receiver.rtp(changed, length)).as("bit %d", bit).isEqualTo(-1);
    }
    for (int bit = 0; bit < reportLength * 8; bit++) {
      byte[] changed = report.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(receiver.rtcp(changed, reportLength)).as("bit %d", bit).isEqualTo(-1);
    }
    assertThat(receiver.rtp(packet, length)).isEqualTo(52); // what was refused spoilt nothing
    assertThat(receiver.rtcp(report, reportLength)).isEqualTo(52);
  }

  @ParameterizedTest
  @EnumSource(SrtpProfile.class)
  void acceptsEachReportOnce(SrtpProfile profile) {
    SrtpSender sender = sender(profile);
    SrtpReceiver receiver = receiver(profile);
    for (int i = 0; i < 10; i++) {
      byte[] packet = report(7, 28);
      byte[] plain = Arrays.copyOf(packet, 28);
      int length = sender.rtcp(packet, 28);
      byte[] again = packet.clone();
      assertThat(receiver.rtcp(packet, length)).isEqualTo(28);
      assertThat(Arrays.copyOf(packet, 28)).isEqualTo(plain);
      assertThat(receiver.rtcp(again, length)).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @EnumSource(SrtpProfile.class)
  void neverEncryptsTwoPacketsUnderOneNumber(SrtpProfile profile) {
    SrtpSender sender = sender(profile);
    assertThat(sender.rtp(rtp(7, 5, 40), 52)).isPositive();
    assertThat(sender.rtp(rtp(7, 5, 40), 52)).isEqualTo(-1);
    assertThat(sender.rtp(rtp(8, 5, 40), 52)).isPositive();
  }

  @ParameterizedTest
  @EnumSource(SrtpProfile.class)
  void leavesHeaderExtensionsReadable(SrtpProfile profile) {
    byte[] packet = rtp(7, 5, 60);
    packet[0] |= 0x11; // one contributing source, an extension
    Bytes.putUint16(packet, 18, 2);
    byte[] plain = Arrays.copyOf(packet, 72);
    int length = sender(profile).rtp(packet, 72);
    assertThat(Arrays.copyOf(packet, 28)).isEqualTo(Arrays.copyOf(plain, 28));
    assertThat(Arrays.copyOfRange(packet, 28, 72)).isNotEqualTo(Arrays.copyOfRange(plain, 28, 72));
    assertThat(receiver(profile).rtp(packet, length)).isEqualTo(72);
  }

  @Test
  void keepsNoMoreSourcesThanABrowserHas() {
    SrtpSender sender = sender(SrtpProfile.AEAD_AES_128_GCM);
    SrtpReceiver receiver = receiver(SrtpProfile.AEAD_AES_128_GCM);
    int accepted = 0;
    for (int ssrc = 0; ssrc < 100; ssrc++) {
      byte[] packet = rtp(ssrc, 5, 40);
      int length = sender.rtp(packet, 52);
      accepted += length > 0 && receiver.rtp(packet, length) > 0 ? 1 : 0;
    }
    assertThat(accepted).isEqualTo(32);
  }

  private static SrtpSender sender(SrtpProfile profile) {
    return new SrtpSender(profile, keys(profile));
  }

  private static SrtpReceiver receiver(SrtpProfile profile) {
    return new SrtpReceiver(profile, keys(profile));
  }

  private static SrtpKeys keys(SrtpProfile profile) {
    return new SrtpKeys(MASTER_KEY, Arrays.copyOf(MASTER_SALT, profile.saltBytes));
  }

  private static byte[] rtp(int ssrc, int sequence, int payloadBytes) {
    byte[] packet = new byte[12 + payloadBytes + SrtpCipher.MAX_TRAILER_BYTES];
    new Random(sequence).nextBytes(packet);
    packet[0] = (byte) 0x80;
    Bytes.putUint16(packet, 2, sequence);
    Bytes.putInt32(packet, 8, ssrc);
    return packet;
  }

  private static byte[] report(int ssrc, int length) {
    byte[] packet = new byte[length + SrtpCipher.MAX_TRAILER_BYTES];
    new Random(ssrc).nextBytes(packet);
    packet[0] = (byte) 0x80;
    packet[1] = (byte) 200;
    Bytes.putInt32(packet, 4, ssrc);
    return packet;
  }
}
