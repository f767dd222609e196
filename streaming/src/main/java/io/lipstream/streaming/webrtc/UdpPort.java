package io.lipstream.streaming.webrtc;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.util.function.Predicate;

/** A UDP socket. */
final class UdpPort implements SocketThread.Ready, AutoCloseable {
  /** No packet of WebRTC is longer; what is would be cut and then refused as forged. */
  static final int PACKET_BYTES = 2048;

  /** Packets read before other sockets and the periodic work get their turn. */
  private static final int BATCH = 64;

  private static final int SOCKET_BUFFER_BYTES = 1 << 20;

  private final DatagramChannel channel;
  private final Predicate<InetAddress> admitted;
  private final Arrivals arrivals;
  private final ByteBuffer buffer = ByteBuffer.allocate(PACKET_BYTES);

  /**
   * Binds; port 0 takes any free one.
   *
   * @param admitted whose packets are read at all
   */
  UdpPort(InetSocketAddress local, Predicate<InetAddress> admitted, Arrivals arrivals)
      throws IOException {
    this.admitted = admitted;
    this.arrivals = arrivals;
    channel = DatagramChannel.open();
    try {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER_BYTES);
      channel.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER_BYTES);
      channel.bind(local);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  void listen(SocketThread thread) throws IOException {
    thread.register(channel, SelectionKey.OP_READ, this);
  }

  DatagramChannel channel() {
    return channel;
  }

  int number() throws IOException {
    return ((InetSocketAddress) channel.getLocalAddress()).getPort();
  }

  @Override
  public void ready(SelectionKey key) {
    for (int i = 0; i < BATCH; i++) {
      buffer.clear();
      InetSocketAddress from;
      try {
        from = (InetSocketAddress) channel.receive(buffer);
      } catch (IOException e) {
        return; // an ICMP error of an earlier packet, or closed
      }
      if (from == null) {
        return;
      }
      if (buffer.position() > 0 && admitted.test(from.getAddress())) {
        arrivals.packet(buffer.array(), buffer.position(), new UdpRoute(this, from));
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
