package io.lipstream.streaming.webrtc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Who may call the ports at all. */
final class AdmissionTest {
  private static final InetAddress HERE = InetAddress.ofLiteral("127.0.0.1");

  /** Loopback too, yet not that of the others; whole 127.0.0.0/8 is this machine on Linux. */
  private static final InetAddress ELSEWHERE = InetAddress.ofLiteral("127.0.0.2");

  private static final Predicate<InetAddress> ADMITTED = HERE::equals;

  private final BlockingQueue<Integer> packets = new LinkedBlockingQueue<>();

  private final Arrivals arrivals =
      new Arrivals() {
        @Override
        public void packet(byte[] data, int length, Route from) {
          packets.add((int) data[0]);
        }

        @Override
        public void gone(Route route) {}
      };

  @Test
  void packetsOfOthersAreNotRead() throws Exception {
    SocketThread thread = new SocketThread("webrtc-admission", () -> 500);
    try (UdpPort port = new UdpPort(new InetSocketAddress(HERE, 0), ADMITTED, arrivals);
        DatagramSocket stranger = new DatagramSocket(new InetSocketAddress(ELSEWHERE, 0));
        DatagramSocket own = new DatagramSocket(new InetSocketAddress(HERE, 0))) {
      port.listen(thread);
      thread.start();
      InetSocketAddress to = new InetSocketAddress(HERE, port.number());
      stranger.send(new DatagramPacket(new byte[] {1}, 1, to));
      own.send(new DatagramPacket(new byte[] {2}, 1, to));
      assertThat(Viewing.next(packets)).isEqualTo(2);
      assertThat(packets).isEmpty();
    } finally {
      thread.stop();
    }
  }

  @Test
  void connectionsOfOthersAreClosed() throws IOException {
    SocketThread thread = new SocketThread("webrtc-admission", () -> 500);
    try (TcpPort port =
            new TcpPort(
                new InetSocketAddress(HERE, 0), thread, System::nanoTime, ADMITTED, arrivals);
        SocketChannel stranger = SocketChannel.open();
        SocketChannel own = SocketChannel.open()) {
      InetSocketAddress to = new InetSocketAddress(HERE, port.number());
      thread.start();
      stranger.bind(new InetSocketAddress(ELSEWHERE, 0));
      stranger.connect(to);
      assertThat(stranger.read(ByteBuffer.allocate(1))).isEqualTo(-1);
      own.bind(new InetSocketAddress(HERE, 0));
      own.connect(to);
      own.write(ByteBuffer.wrap(new byte[] {0, 1, 3}));
      assertThat(Viewing.next(packets)).isEqualTo(3);
    } finally {
      thread.stop();
    }
  }

  @Test
  void knowsThisMachinesAddressesAndNoOthers() {
    AtomicLong nanos = new AtomicLong();
    OwnAddresses own = new OwnAddresses(nanos::get);
    assertThat(Candidate.local()).isNotEmpty().allMatch(own::contains);
    assertThat(own.contains(ELSEWHERE)).isTrue();
    InetAddress documentation = InetAddress.ofLiteral("203.0.113.9");
    assertThat(own.contains(documentation)).isFalse();
    nanos.addAndGet(2_000_000_000L);
    assertThat(own.contains(documentation)).isFalse();
  }
}
