package io.lipstream.streaming.webrtc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.media.LipstreamException;
import io.lipstream.streaming.live.EncodedPicture;
import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.ViewerEvents;
import io.lipstream.streaming.webrtc.Viewing.Pair;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class WebRtcEndpointTest {

  @ParameterizedTest
  @EnumSource(SrtpProfile.class)
  void carriesPicturesAndSoundAndTheMicrophone(SrtpProfile protection) {
    try (Viewing viewing = new Viewing()) {
      exchange(viewing, viewing.connect(WatchSettings.DEFAULT.withProtection(protection)));
    }
  }

  @Test
  void carriesMediaOverTcp() {
    try (Viewing viewing = new Viewing()) {
      exchange(viewing, viewing.connect(WatchSettings.DEFAULT.overTcp()));
    }
  }

  @Test
  void carriesMediaOverIpv6() {
    InetAddress loopback = InetAddress.ofLiteral("::1");
    try (DatagramSocket probe = new DatagramSocket(new InetSocketAddress(loopback, 0))) {
      assertThat(probe.isBound()).isTrue();
    } catch (SocketException e) {
      Assumptions.abort("this machine has no IPv6: " + e.getMessage());
    }
    WebRtcSettings six = Viewing.loopback().withBindAddress(loopback);
    try (Viewing viewing = new Viewing(six)) {
      exchange(viewing, viewing.connect(WatchSettings.DEFAULT));
    }
  }

  private static void exchange(Viewing viewing, Pair pair) {
    EncodedPicture picture = viewing.keyFrame(20_000);
    pair.peer().video(picture);
    assertThat(Viewing.next(viewing.seen.pictures)).isEqualTo(Viewing.bytes(picture));
    EncodedSound sound = viewing.silence();
    pair.peer().audio(sound);
    assertThat(Viewing.next(viewing.seen.sounds)).isEqualTo(Arrays.copyOf(sound.data(), 3));
    pair.watching().microphone(sound);
    assertThat(Viewing.next(viewing.heard.microphoneSounds)).isPositive();
    assertThat(pair.peer().statistics().picturesSent()).isEqualTo(1);
    assertThat(viewing.server.statistics().refusedPackets()).isZero();
    assertThat(viewing.client.statistics().refusedPackets()).isZero();
  }

  @Test
  void connectsThroughANatThatLosesPackets() throws Exception {
    try (Viewing viewing = new Viewing(Viewing.patient(), Viewing.patient());
        LossyNat nat = new LossyNat(viewing.server.port(), 0.1, 5)) {
      WatchingPeer watching = viewing.client.watch(WatchSettings.DEFAULT, viewing.seen);
      Peer peer = viewing.server.answer(watching.offer(), viewing.heard);
      watching.accept(
          peer.answer().replace(" " + viewing.server.port() + " typ", " " + nat.port() + " typ"));
      assertThat(Viewing.next(viewing.heard.events)).isEqualTo("connected");
      assertThat(Viewing.next(viewing.seen.events)).isEqualTo("connected");
      EncodedPicture picture = viewing.keyFrame(20_000);
      byte[] arrived;
      do {
        peer.video(picture);
        arrived = viewing.seen.pictures.poll(100, TimeUnit.MILLISECONDS);
      } while (arrived == null);
      assertThat(arrived).isEqualTo(Viewing.bytes(picture));
    }
  }

  @Test
  void tellsTheAddressesThatItIsAdvertisedUnder() {
    InetAddress outer = InetAddress.ofLiteral("203.0.113.9");
    try (Viewing viewing = new Viewing(Viewing.loopback().withAdvertised(List.of(outer)))) {
      WatchingPeer watching = viewing.client.watch(WatchSettings.DEFAULT, viewing.seen);
      String answer = viewing.server.answer(watching.offer(), viewing.heard).answer();
      assertThat(answer.lines().filter(line -> line.startsWith("a=candidate")))
          .hasSize(2)
          .allMatch(line -> line.contains(" 203.0.113.9 " + viewing.server.port() + " "));
    }
  }

  /** Pages in Firefox call no loopback address, those in Chromium do. */
  @Test
  void browsersOfThisMachineAloneMayCallAllItsAddresses() {
    try (Viewing viewing = new Viewing(Viewing.loopback().onlyThisMachine())) {
      Pair pair = viewing.connect(WatchSettings.DEFAULT);
      assertThat(pair.peer().answer().lines().filter(line -> line.matches("a=candidate.* udp .*")))
          .map(line -> line.split(" ", 6)[4])
          .containsExactlyElementsOf(
              Candidate.local().stream().map(InetAddress::getHostAddress).toList());
      exchange(viewing, pair);
    }
  }

  @Test
  void takesTrickledCandidatesAndNoHalfRestart() {
    try (Viewing viewing = new Viewing()) {
      Pair pair = viewing.connect(WatchSettings.DEFAULT);
      String fragment =
          pair.watching()
              .offer()
              .lines()
              .filter(line -> line.startsWith("a=ice-ufrag"))
              .findFirst()
              .orElseThrow();
      assertThat(
              pair.peer()
                  .trickle(
                      fragment
                          + "\r\na=mid:0\r\n"
                          + "a=candidate:1 1 udp 1 8a2f6c3e-9d7b-4f61-a1f1-2f9a4f7f7e11.local 5 typ"
                          + " host\r\na=end-of-candidates\r\n"))
          .isEmpty();
      for (String half : List.of("a=ice-ufrag:another\r\n", "a=ice-ufrag:?\r\na=ice-pwd:x\r\n")) {
        assertThatThrownBy(() -> pair.peer().trickle(half))
            .isInstanceOf(LipstreamException.class)
            .hasMessageContaining("another ICE session");
      }
      exchange(viewing, pair);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void goesOnAfterRestartsOfIceFromAnotherPort(boolean tcp) {
    try (Viewing viewing = new Viewing()) {
      WatchSettings wanted = tcp ? WatchSettings.DEFAULT.overTcp() : WatchSettings.DEFAULT;
      Pair pair = viewing.connect(wanted);
      exchange(viewing, pair);
      for (int i = 0; i < 3; i++) {
        String before = pair.peer().iceRound();
        pair.peer().trickle(pair.watching().restart()); // overtaken by the next
        pair.watching().restarted(pair.peer().trickle(pair.watching().restart()).orElseThrow());
        assertThat(pair.peer().iceRound()).isNotEqualTo(before);
        EncodedPicture picture = viewing.keyFrame(500 + i);
        byte[] arrived;
        do { // what goes to the old address is lost
          pair.peer().video(picture);
          arrived = viewing.seen.pictures.poll();
          LockSupport.parkNanos(1_000_000);
        } while (arrived == null || arrived.length != picture.length());
        // The check that nominates the route ends the rounds before it.
        awaitExpected(viewing, 1);
      }
      assertThat(viewing.heard.events).isEmpty();
      assertThat(viewing.server.statistics().connected()).isEqualTo(1);
      pair.peer().close();
      assertThat(Viewing.next(viewing.heard.events)).isEqualTo("closed: closed");
      assertThat(viewing.server.ice().expectedCount()).isZero();
      assertThat(viewing.server.ice().routeCount()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void followsAViewerToItsNewAddress(boolean tcp) {
    try (Viewing viewing = new Viewing()) {
      WatchSettings wanted = tcp ? WatchSettings.DEFAULT.overTcp() : WatchSettings.DEFAULT;
      Pair pair = viewing.connect(wanted);
      exchange(viewing, pair);
      pair.watching().roam();
      EncodedPicture picture = viewing.keyFrame(500);
      byte[] arrived;
      do { // what goes to the old address is lost
        pair.peer().video(picture);
        arrived = viewing.seen.pictures.poll();
        LockSupport.parkNanos(1_000_000);
      } while (arrived == null);
      assertThat(arrived).isEqualTo(Viewing.bytes(picture));
      assertThat(viewing.heard.events).isEmpty();
    }
  }

  @Test
  void bothSidesHearTheOthersFarewell() {
    try (Viewing viewing = new Viewing()) {
      Pair first = viewing.connect(WatchSettings.DEFAULT);
      first.peer().close();
      assertThat(Viewing.next(viewing.heard.events)).isEqualTo("closed: closed");
      assertThat(Viewing.next(viewing.seen.events))
          .isEqualTo("closed: the other side closed the connection");
      Pair second = viewing.connect(WatchSettings.DEFAULT.overTcp());
      second.watching().close();
      assertThat(Viewing.next(viewing.seen.events)).isEqualTo("closed: closed");
      assertThat(Viewing.next(viewing.heard.events))
          .isEqualTo("closed: the other side closed the connection");
    }
  }

  @Test
  void closesAViewerThatFallsSilent() {
    try (Viewing viewing = new Viewing()) {
      viewing.connect(WatchSettings.DEFAULT);
      viewing.client.thread().stop(); // a viewer whose network is gone
      viewing.ahead.addAndGet(31_000_000_000L);
      assertThat(Viewing.next(viewing.heard.events)).isEqualTo("closed: nothing heard for 30 s");
      assertThat(viewing.server.statistics().connections()).isZero();
      assertThat(viewing.server.ice().routeCount()).isZero();
    }
  }

  @Test
  void keepsAViewerWhoseChecksGoOn() {
    try (Viewing viewing = new Viewing()) {
      Pair pair = viewing.connect(WatchSettings.DEFAULT);
      for (int i = 0; i < 20; i++) {
        viewing.ahead.addAndGet(5_000_000_000L);
        awaitChecks(viewing, pair);
      }
      assertThat(viewing.heard.events).isEmpty();
      assertThat(viewing.server.statistics().connections()).isEqualTo(1);
    }
  }

  private static void awaitExpected(Viewing viewing, int count) {
    long until = System.nanoTime() + 60_000_000_000L;
    while (viewing.server.ice().expectedCount() != count && System.nanoTime() < until) {
      LockSupport.parkNanos(1_000_000);
    }
    assertThat(viewing.server.ice().expectedCount()).isEqualTo(count);
  }

  /** Until the server has seen what the client sent at this time. */
  private static void awaitChecks(Viewing viewing, Pair pair) {
    long before = pair.watching().checksAnswered();
    while (pair.watching().checksAnswered() == before && viewing.heard.events.isEmpty()) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Test
  void closesAViewerThatNeverComes() {
    try (Viewing viewing = new Viewing()) {
      WatchingPeer watching = viewing.client.watch(WatchSettings.DEFAULT, viewing.seen);
      Peer peer = viewing.server.answer(watching.offer(), viewing.heard);
      assertThat(viewing.server.find(peer.id())).contains(peer);
      viewing.ahead.addAndGet(21_000_000_000L);
      assertThat(Viewing.next(viewing.heard.events))
          .isEqualTo("closed: not connected within 20 s: no check arrived");
      assertThat(viewing.server.find(peer.id())).isEmpty();
    }
  }

  @Test
  void refusesAnotherCertificateThanTheOffers() {
    try (Viewing viewing = new Viewing()) {
      WatchingPeer watching = viewing.client.watch(WatchSettings.DEFAULT, viewing.seen);
      Fingerprint other = Fingerprint.of("sha-256", new byte[] {1});
      String forged =
          watching
              .offer()
              .replaceAll("a=fingerprint:sha-256 .*", "a=fingerprint:sha-256 " + other.digest());
      Peer peer = viewing.server.answer(forged, viewing.heard);
      watching.accept(peer.answer());
      assertThat(Viewing.next(viewing.heard.events))
          .startsWith("closed: the DTLS handshake failed")
          .contains("not the one that the session description names");
      assertThat(viewing.server.statistics().failedHandshakes()).isEqualTo(1);
      assertThat(viewing.server.statistics().connected()).isZero();
    }
  }

  @Test
  void theViewerRefusesAnotherCertificateThanTheAnswers() {
    try (Viewing viewing = new Viewing()) {
      WatchingPeer watching = viewing.client.watch(WatchSettings.DEFAULT, viewing.seen);
      Peer peer = viewing.server.answer(watching.offer(), viewing.heard);
      Fingerprint other = Fingerprint.of("sha-256", new byte[] {1});
      watching.accept(
          peer.answer()
              .replaceAll("a=fingerprint:sha-256 .*", "a=fingerprint:sha-256 " + other.digest()));
      assertThat(Viewing.next(viewing.seen.events))
          .contains("not the one that the session description names");
    }
  }

  @Test
  void answersNobodyWithoutThePassword() {
    try (Viewing viewing = new Viewing()) {
      WatchingPeer watching = viewing.client.watch(WatchSettings.DEFAULT, viewing.seen);
      Peer peer = viewing.server.answer(watching.offer(), viewing.heard);
      watching.accept(peer.answer().replaceAll("a=ice-pwd:.*", "a=ice-pwd:" + "x".repeat(32)));
      while (viewing.server.statistics().refusedChecks() < 5) {
        LockSupport.parkNanos(1_000_000);
      }
      assertThat(viewing.server.ice().routeCount()).isZero();
      assertThat(watching.checksAnswered()).isZero();
    }
  }

  @Test
  void anInterruptedSenderHarmsNobody() {
    try (Viewing viewing = new Viewing()) {
      Pair pair = viewing.connect(WatchSettings.DEFAULT);
      Thread.currentThread().interrupt();
      pair.peer().video(viewing.keyFrame(20_000));
      pair.peer().audio(viewing.silence());
      assertThat(Thread.interrupted()).isTrue();
      assertThat(Viewing.next(viewing.seen.pictures)).hasSize(20_000);
      soundArrivesTwice(viewing, pair);
    }
  }

  private static void soundArrivesTwice(Viewing viewing, Pair pair) {
    pair.peer().audio(viewing.silence());
    assertThat(Viewing.next(viewing.seen.sounds)).hasSize(3);
    assertThat(Viewing.next(viewing.seen.sounds)).hasSize(3);
  }

  @Test
  void oneListenersFaultClosesItsConnectionAlone() {
    try (Viewing viewing = new Viewing()) {
      Pair pair = viewing.connect(WatchSettings.DEFAULT);
      WatchingPeer other = viewing.client.watch(WatchSettings.DEFAULT, new Viewing.Seen());
      Viewing.Heard faulty = new Viewing.Heard();
      Peer bad =
          viewing.server.answer(
              other.offer(),
              new ViewerEvents() {
                @Override
                public void connected() {
                  throw new IllegalStateException("a listener's fault");
                }

                @Override
                public void keyFrameWanted() {}

                @Override
                public void bitrate(int bitsPerSecond) {}

                @Override
                public void microphone(float[] mono48k, int count) {}

                @Override
                public void closed(String reason) {
                  faulty.closed(reason);
                }
              });
      other.accept(bad.answer());
      assertThat(Viewing.next(faulty.events)).contains("a listener's fault");
      pair.peer().audio(viewing.silence());
      assertThat(Viewing.next(viewing.seen.sounds)).hasSize(3);
    }
  }

  @Test
  void prefersTheCodecThatTheServerWants() {
    try (Viewing viewing =
        new Viewing(Viewing.loopback().withPreferredVideo(LiveVideoCodec.H264))) {
      assertThat(viewing.connect(WatchSettings.DEFAULT).peer().codec())
          .isEqualTo(LiveVideoCodec.H264);
      assertThat(
              viewing.connect(WatchSettings.DEFAULT.withCodecs(LiveVideoCodec.VP8)).peer().codec())
          .isEqualTo(LiveVideoCodec.VP8);
    }
  }

  @Test
  void refusesAPortThatIsTaken() {
    try (Viewing viewing = new Viewing()) {
      WebRtcSettings same =
          WebRtcSettings.onPort(viewing.server.port())
              .withBindAddress(InetAddress.getLoopbackAddress());
      assertThatThrownBy(() -> WebRtcEndpoint.open(same, System::nanoTime))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("port " + viewing.server.port());
    }
  }

  @Test
  void leavesNothingBehindAfterManyConnections() {
    List<Thread> before = Viewing.threads();
    try (Viewing viewing = new Viewing()) {
      for (int i = 0; i < 200; i++) {
        WatchSettings wanted = i % 4 == 0 ? WatchSettings.DEFAULT.overTcp() : WatchSettings.DEFAULT;
        Pair pair = viewing.connect(wanted);
        if (i % 2 == 0) {
          pair.peer().close();
        } else {
          pair.watching().close();
        }
        assertThat(Viewing.next(viewing.heard.events)).startsWith("closed");
        assertThat(Viewing.next(viewing.seen.events)).startsWith("closed");
      }
      assertThat(viewing.server.statistics().connections()).isZero();
      assertThat(viewing.client.statistics().connections()).isZero();
      assertThat(viewing.server.statistics().connected()).isEqualTo(200);
      assertThat(viewing.server.ice().routeCount()).isZero();
      assertThat(viewing.server.ice().expectedCount()).isZero();
      assertThat(Viewing.threads()).hasSize(before.size() + 2);
    }
    assertThat(Viewing.threads()).isEqualTo(before);
  }

  @Test
  void aStoppingServerSaysFarewell() {
    Viewing viewing = new Viewing();
    viewing.connect(WatchSettings.DEFAULT);
    viewing.server.close();
    assertThat(Viewing.next(viewing.heard.events)).isEqualTo("closed: the server stops");
    assertThat(Viewing.next(viewing.seen.events))
        .isEqualTo("closed: the other side closed the connection");
    assertThatThrownBy(() -> viewing.server.answer("", viewing.heard))
        .isInstanceOf(IllegalStateException.class);
    viewing.client.close();
  }

  @Test
  void endsTcpConnectionsThatDoNotProveThemselves() throws Exception {
    try (Viewing viewing = new Viewing();
        SocketChannel stranger =
            SocketChannel.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), viewing.server.port()));
        SocketChannel noisy =
            SocketChannel.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), viewing.server.port()))) {
      noisy.write(ByteBuffer.wrap("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
      assertThat(noisy.read(ByteBuffer.allocate(10))).isEqualTo(-1);
      Pair pair = viewing.connect(WatchSettings.DEFAULT);
      viewing.ahead.addAndGet(11_000_000_000L);
      assertThat(stranger.read(ByteBuffer.allocate(10))).isEqualTo(-1);
      exchange(viewing, pair);
    }
  }
}
