package io.lipstream.streaming.webrtc;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/**
 * A way to the other side: an address seen from a UDP port, or one TCP connection. Equal routes are
 * the same way.
 */
sealed interface Route permits UdpRoute, TcpRoute {

  /** The address at its other end. */
  InetSocketAddress remote();

  /**
   * Sends one packet, from any thread and without blocking.
   *
   * @return false if there was no room for it and it was dropped
   */
  boolean send(ByteBuffer packet);

  /** Frees what belongs to this route alone. */
  void close();
}
