package io.lipstream.streaming.webrtc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class StunMessageTest {
  private static final byte[] PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt".getBytes(UTF_8);

  /** RFC 5769, section 2.1. */
  private static final byte[] REQUEST =
      Hex.bytes(
          "000100582112a442b7e7a701bc34d686fa87dfae",
          "802200105354554e207465737420636c69656e74",
          "002400046e0001ff",
          "80290008932ff9b151263b36",
          "000600096576746a3a68367659202020",
          "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2",
          "80280004e57a3bcf");

  /** RFC 5769, section 2.2. */
  private static final byte[] RESPONSE_V4 =
      Hex.bytes(
          "0101003c2112a442b7e7a701bc34d686fa87dfae",
          "8022000b7465737420766563746f7220",
          "002000080001a147e112a643",
          "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7",
          "80280004c07d4c96");

  /** RFC 5769, section 2.3. */
  private static final byte[] RESPONSE_V6 =
      Hex.bytes(
          "010100482112a442b7e7a701bc34d686fa87dfae",
          "8022000b7465737420766563746f7220",
          "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9",
          "00080014a382954e4be67bf11784c97c8292c275bfe3ed41",
          "80280004c8fb0b4c");

  @Test
  void readsTheSampleRequest() {
    StunMessage message = parsed(REQUEST);
    assertThat(message.type()).isEqualTo(StunMessage.BINDING_REQUEST);
    assertThat(message.username()).isEqualTo("evtj:h6vY");
    assertThat(message.intact()).isTrue();
    assertThat(message.signedWith(PASSWORD)).isTrue();
    assertThat(message.controlled()).isTrue();
    assertThat(message.useCandidate()).isFalse();
    assertThat(message.unknown()).isEmpty();
  }

  @Test
  void readsTheSampleResponses() {
    StunMessage four = parsed(RESPONSE_V4);
    assertThat(four.signedWith(PASSWORD)).isTrue();
    assertThat(four.intact()).isTrue();
    assertThat(four.mappedAddress()).isEqualTo(new InetSocketAddress("192.0.2.1", 32853));
    StunMessage six = parsed(RESPONSE_V6);
    assertThat(six.signedWith(PASSWORD)).isTrue();
    assertThat(six.intact()).isTrue();
    assertThat(six.mappedAddress())
        .isEqualTo(new InetSocketAddress("2001:db8:1234:5678:11:2233:4455:6677", 32853));
  }

  @ParameterizedTest
  @ValueSource(strings = {"192.0.2.1", "2001:db8::7"})
  void readsWhatItWrites(String address) {
    byte[] transaction = Hex.bytes("0102030405060708090a0b0c");
    InetSocketAddress seen = new InetSocketAddress(address, 4242);
    byte[] written =
        new StunWriter(StunMessage.BINDING_SUCCESS, transaction)
            .attribute(StunMessage.USERNAME, "odd".getBytes(UTF_8))
            .mappedAddress(seen)
            .sign(PASSWORD);
    StunMessage message = parsed(written);
    assertThat(message.transaction()).isEqualTo(transaction);
    assertThat(message.mappedAddress()).isEqualTo(seen);
    assertThat(message.username()).isEqualTo("odd");
    assertThat(message.intact()).isTrue();
    assertThat(message.signedWith(PASSWORD)).isTrue();
    assertThat(message.signedWith("another".getBytes(UTF_8))).isFalse();
  }

  @Test
  void namesTheErrorAndTheAttributesThatItDoesNotKnow() {
    byte[] transaction = new byte[12];
    byte[] error =
        new StunWriter(StunMessage.BINDING_ERROR, transaction)
            .error(487, "Role Conflict")
            .sign(PASSWORD);
    assertThat(parsed(error).errorCode()).isEqualTo(487);
    byte[] strange =
        new StunWriter(StunMessage.BINDING_REQUEST, transaction)
            .number(0x0033, 1)
            .number(0x8033, 1)
            .sign(PASSWORD);
    assertThat(parsed(strange).unknown()).isEqualTo(List.of(0x0033));
  }

  @Test
  void believesNoMessageWithAChangedBit() {
    for (int bit = 0; bit < REQUEST.length * 8; bit++) {
      byte[] changed = REQUEST.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      StunMessage message = StunMessage.parse(changed, changed.length);
      if (message != null) {
        assertThat(message.intact() && message.signedWith(PASSWORD)).as("bit %d", bit).isFalse();
      }
    }
  }

  @Test
  void refusesEveryPieceOfAMessage() {
    for (int length = 0; length < REQUEST.length; length++) {
      assertThat(StunMessage.parse(REQUEST, length)).as("%d bytes", length).isNull();
    }
  }

  @Test
  void doesNotListenToWhatFollowsTheIntegrity() {
    byte[] signed =
        new StunWriter(StunMessage.BINDING_REQUEST, new byte[12])
            .attribute(StunMessage.USERNAME, "a:b".getBytes(UTF_8))
            .attribute(StunMessage.MESSAGE_INTEGRITY, new byte[20])
            .attribute(StunMessage.USE_CANDIDATE, new byte[0])
            .sign(PASSWORD);
    assertThat(parsed(signed).useCandidate()).isFalse();
  }

  private static StunMessage parsed(byte[] bytes) {
    return Objects.requireNonNull(StunMessage.parse(bytes, bytes.length));
  }
}
