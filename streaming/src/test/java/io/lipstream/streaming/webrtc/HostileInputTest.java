package io.lipstream.streaming.webrtc;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.media.LipstreamException;
import io.lipstream.streaming.live.EncodedPicture;
import io.lipstream.streaming.webrtc.Viewing.Pair;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every parser of bytes from the network against bytes that nobody meant well. */
final class HostileInputTest {
  private static final int FEW = 3_000;
  private static final int MANY = 100_000;
  private static final long SEED = 20_261_121;
  private static final byte[] PASSWORD = "a password of some length".getBytes(UTF_8);

  @Test
  void noParserFallsOverFewInputs() {
    parsers(FEW);
  }

  @Test
  @Tag("slow")
  void noParserFallsOverManyInputs() {
    parsers(MANY);
  }

  private static void parsers(int rounds) {
    Random random = new Random(SEED);
    byte[] request =
        new StunWriter(StunMessage.BINDING_REQUEST, new byte[12])
            .attribute(StunMessage.USERNAME, "server:browser".getBytes(UTF_8))
            .number(StunMessage.PRIORITY, 1)
            .mappedAddress(new InetSocketAddress("192.0.2.7", 5))
            .error(487, "Role Conflict")
            .sign(PASSWORD);
    byte[] rtp = new byte[80];
    rtp[0] = (byte) 0x91;
    Bytes.putUint16(rtp, 18, 2);
    String offer =
        SdpWriter.offer(
            WatchSettings.DEFAULT,
            5,
            Credentials.random(new SecureRandom()),
            Fingerprint.of("sha-256", rtp));
    SrtpKeys keys = new SrtpKeys(new byte[16], new byte[14]);
    SrtpReceiver receiver = new SrtpReceiver(SrtpProfile.AES128_CM_HMAC_SHA1_80, keys);
    for (int i = 0; i < rounds; i++) {
      byte[] stun = mutate(request, random);
      StunMessage message = StunMessage.parse(stun, stun.length);
      if (message != null && message.intact() && message.signedWith(PASSWORD)) {
        assertThat(message.username()).as("seed %d, round %d", SEED, i).isEqualTo("server:browser");
      }
      byte[] media = mutate(rtp, random);
      assertThat(RtpHeader.bytes(media, media.length)).isLessThanOrEqualTo(media.length);
      assertThat(receiver.rtp(media, media.length)).isEqualTo(-1);
      assertThat(receiver.rtcp(media, media.length)).isEqualTo(-1);
      describe(new String(mutate(offer.getBytes(ISO_8859_1), random), ISO_8859_1));
      Candidate.parse(
          new String(
              mutate("1 1 udp 2130706431 192.0.2.7 40000 typ host".getBytes(ISO_8859_1), random),
              ISO_8859_1));
    }
  }

  private static void describe(String text) {
    try {
      Negotiation chosen = Negotiation.of(SessionDescription.parse(text), null);
      assertThat(chosen.picture().payloadType()).isBetween(0, 127);
    } catch (LipstreamException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  /** Bits flipped, bytes overwritten, pieces cut out, doubled or appended. */
  private static byte[] mutate(byte[] good, Random random) {
    byte[] bytes = good.clone();
    for (int changes = random.nextInt(4); changes >= 0; changes--) {
      if (bytes.length == 0) {
        return new byte[random.nextInt(40)];
      }
      int at = random.nextInt(bytes.length);
      int length = random.nextInt(Math.min(64, bytes.length - at) + 1);
      switch (random.nextInt(5)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> bytes = Arrays.copyOf(bytes, at);
        case 3 -> {
          byte[] cut = Arrays.copyOf(bytes, bytes.length - length);
          System.arraycopy(bytes, at + length, cut, at, cut.length - at);
          bytes = cut;
        }
        default -> {
          byte[] longer = Arrays.copyOf(bytes, bytes.length + length);
          System.arraycopy(bytes, at, longer, bytes.length, length);
          bytes = longer;
        }
      }
    }
    return bytes;
  }

  @Test
  void aConnectionSurvivesFewForgedPackets() throws Exception {
    forged(FEW);
  }

  @Test
  @Tag("slow")
  void aConnectionSurvivesManyForgedPackets() throws Exception {
    forged(MANY);
  }

  /** Packets of every kind from strangers, and as if from the viewer's own address. */
  private static void forged(int rounds) throws Exception {
    Random random = new Random(SEED);
    try (Viewing viewing = new Viewing();
        DatagramSocket stranger = new DatagramSocket()) {
      Pair pair = viewing.connect(WatchSettings.DEFAULT);
      Connection connection = pair.peer().connection();
      for (int i = 0; i < rounds; i++) {
        byte[] bytes = new byte[1 + random.nextInt(200)];
        random.nextBytes(bytes);
        bytes[0] = kind(random);
        if (bytes.length > 13 && random.nextBoolean()) { // a record of DTLS 1.2 that fits
          bytes[1] = (byte) 0xFE;
          bytes[2] = (byte) 0xFD;
          Bytes.putUint16(bytes, 3, random.nextInt(2));
          Bytes.putUint16(bytes, 11, bytes.length - 13);
        }
        if (i % 8 == 0) {
          stranger.send(
              new DatagramPacket(
                  bytes, bytes.length, InetAddress.getLoopbackAddress(), viewing.server.port()));
        }
        viewing.server.thread().run(() -> connection.packet(bytes, bytes.length));
      }
      CountDownLatch taken = new CountDownLatch(1);
      viewing.server.thread().run(taken::countDown);
      assertThat(taken.await(Viewing.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      EncodedPicture picture = viewing.keyFrame(5_000);
      pair.peer().video(picture);
      assertThat(Viewing.next(viewing.seen.pictures)).isEqualTo(Viewing.bytes(picture));
      pair.watching().microphone(viewing.silence());
      assertThat(Viewing.next(viewing.heard.microphoneSounds)).isPositive();
      assertThat(viewing.heard.events).isEmpty();
      assertThat(viewing.server.statistics().refusedPackets()).isPositive();
    }
  }

  @Test
  void nonsenseOverTcpDisturbsNobody() throws Exception {
    Random random = new Random(SEED);
    try (Viewing viewing = new Viewing()) {
      Pair pair = viewing.connect(WatchSettings.DEFAULT.overTcp());
      for (int i = 0; i < 300; i++) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), viewing.server.port())) {
          byte[] bytes = new byte[random.nextInt(5_000)];
          random.nextBytes(bytes);
          if (bytes.length > 2) {
            Bytes.putUint16(bytes, 0, random.nextInt(2_048)); // a length that is believed
          }
          socket.getOutputStream().write(bytes);
        } catch (SocketException e) {
          // ended by the server while we wrote
        }
      }
      EncodedPicture picture = viewing.keyFrame(50_000);
      pair.peer().video(picture);
      assertThat(Viewing.next(viewing.seen.pictures)).isEqualTo(Viewing.bytes(picture));
      assertThat(viewing.heard.events).isEmpty();
    }
  }

  @Test
  void forgedHandshakesEndAndLeaveNothingBehind() throws Exception {
    Random random = new Random(SEED);
    try (Viewing viewing = new Viewing()) {
      for (int i = 0; i < 20; i++) {
        Pair pair = viewing.call(WatchSettings.DEFAULT);
        Connection connection = pair.peer().connection();
        CountDownLatch taken = new CountDownLatch(1);
        for (int k = 0; k < 50; k++) {
          byte[] bytes = new byte[14 + random.nextInt(100)];
          random.nextBytes(bytes);
          bytes[0] = (byte) (20 + random.nextInt(4));
          Bytes.putUint16(bytes, 1, 0xFEFD);
          Bytes.putUint16(bytes, 3, 0); // in the clear, as handshakes begin
          Bytes.putUint16(bytes, 11, bytes.length - 13);
          viewing.server.thread().run(() -> connection.packet(bytes, bytes.length));
        }
        viewing.server.thread().run(taken::countDown);
        assertThat(taken.await(Viewing.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        pair.peer().close(); // in whatever state it is
        String last = Viewing.next(viewing.heard.events);
        if (last.equals("connected")) {
          last = Viewing.next(viewing.heard.events);
        }
        assertThat(last).startsWith("closed");
        pair.watching().close();
      }
      assertThat(viewing.server.statistics().connections()).isZero();
      assertThat(viewing.server.ice().routeCount()).isZero();
    }
  }

  private static byte kind(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> (byte) random.nextInt(4); // STUN
      case 1 -> (byte) (20 + random.nextInt(7)); // DTLS
      case 2 -> (byte) (128 + random.nextInt(64)); // SRTP and SRTCP
      default -> (byte) random.nextInt(256);
    };
  }
}
