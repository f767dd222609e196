package io.lipstream.streaming.webrtc;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Accepts TCP connections for ICE (RFC 6544), and ends those that do not prove soon whose they are.
 * Used by the endpoint's thread.
 */
final class TcpPort implements SocketThread.Ready, AutoCloseable {
  /** Connections that may be unproven at a time; the oldest makes room. */
  static final int MAX_STRANGERS = 128;

  private static final long STRANGER_NANOS = 10_000_000_000L;

  private final ServerSocketChannel channel;
  private final SocketThread thread;
  private final LongSupplier clock;
  private final Predicate<InetAddress> admitted;
  private final Arrivals arrivals;
  private final Map<TcpRoute, Long> strangers = new LinkedHashMap<>();

  /**
   * Binds.
   *
   * @param admitted whose connections are kept
   */
  TcpPort(
      InetSocketAddress local,
      SocketThread thread,
      LongSupplier clock,
      Predicate<InetAddress> admitted,
      Arrivals arrivals)
      throws IOException {
    this.admitted = admitted;
    this.thread = thread;
    this.clock = clock;
    this.arrivals = arrivals;
    channel = ServerSocketChannel.open();
    try {
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.bind(local, 256);
      thread.register(channel, SelectionKey.OP_ACCEPT, this);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  int number() throws IOException {
    return ((InetSocketAddress) channel.getLocalAddress()).getPort();
  }

  @Override
  public void ready(SelectionKey key) {
    try {
      for (SocketChannel next = channel.accept(); next != null; next = channel.accept()) {
        accepted(next);
      }
    } catch (IOException e) {
      // one that was gone before it was accepted, or no descriptors left: others may follow
    }
  }

  private void accepted(SocketChannel connection) throws IOException {
    try {
      InetSocketAddress from = (InetSocketAddress) connection.getRemoteAddress();
      if (!admitted.test(from.getAddress())) {
        connection.close();
        return;
      }
      connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
      TcpRoute route = new TcpRoute(connection, from, thread, arrivals);
      route.listen();
      strangers.put(route, clock.getAsLong());
      if (strangers.size() > MAX_STRANGERS) {
        TcpRoute oldest = strangers.keySet().iterator().next();
        strangers.remove(oldest);
        oldest.close();
      }
    } catch (IOException e) {
      connection.close();
      throw e;
    }
  }

  /** This one is a connection's now, or closed. */
  void forget(TcpRoute route) {
    strangers.remove(route);
  }

  void tick(long nowNanos) {
    if (strangers.isEmpty()) {
      return;
    }
    strangers
        .entrySet()
        .removeIf(
            entry -> {
              boolean old = nowNanos - entry.getValue() > STRANGER_NANOS;
              if (old) {
                entry.getKey().close();
              }
              return old;
            });
  }

  @Override
  public void close() throws IOException {
    for (TcpRoute stranger : strangers.keySet()) {
      stranger.close();
    }
    channel.close();
  }
}
