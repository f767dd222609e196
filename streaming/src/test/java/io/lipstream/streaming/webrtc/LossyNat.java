package io.lipstream.streaming.webrtc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.Random;

/** Stands between one viewer and a server, shows each another address and loses packets. */
final class LossyNat implements AutoCloseable {
  private final DatagramSocket inside;
  private final DatagramSocket outside;
  private final SocketAddress server;
  private final double loss;
  private volatile SocketAddress viewer = new InetSocketAddress(0);

  LossyNat(int serverPort, double loss, long seed) throws SocketException {
    InetAddress here = InetAddress.getLoopbackAddress();
    this.loss = loss;
    server = new InetSocketAddress(here, serverPort);
    inside = new DatagramSocket(new InetSocketAddress(here, 0));
    outside = new DatagramSocket(new InetSocketAddress(here, 0));
    Random up = new Random(seed);
    Random down = new Random(seed + 1);
    Thread.ofPlatform().daemon().name("nat-up").start(() -> relay(inside, outside, up, true));
    Thread.ofPlatform().daemon().name("nat-down").start(() -> relay(outside, inside, down, false));
  }

  /** Where viewers find the server. */
  int port() {
    return inside.getLocalPort();
  }

  private void relay(DatagramSocket from, DatagramSocket to, Random random, boolean upwards) {
    DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
    try {
      while (true) {
        packet.setLength(2048);
        from.receive(packet);
        if (upwards) {
          viewer = packet.getSocketAddress();
        }
        if (random.nextDouble() >= loss) {
          packet.setSocketAddress(upwards ? server : viewer);
          to.send(packet);
        }
      }
    } catch (SocketException e) {
      // closed
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    inside.close();
    outside.close();
  }
}
