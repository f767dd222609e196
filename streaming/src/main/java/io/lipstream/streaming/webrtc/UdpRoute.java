package io.lipstream.streaming.webrtc;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/** One address as seen from a UDP port. */
record UdpRoute(UdpPort port, InetSocketAddress remote) implements Route {

  @Override
  public boolean send(ByteBuffer packet) {
    try {
      return port.channel().send(packet, remote) > 0;
    } catch (IOException e) {
      return false; // unreachable for now, or closed: the packet is lost as any may be
    }
  }

  @Override
  public void close() {
    // the port is not this route's alone
  }
}
