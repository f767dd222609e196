package io.lipstream.app;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** A port for a server that goes and comes back to it. */
public final class FreePort {
  private FreePort() {}

  /**
   * One below those that the system gives to connections, so that none takes it while the server is
   * away from it.
   */
  public static int find() throws IOException {
    for (int port = ThreadLocalRandom.current().nextInt(20_000, 30_000); ; port++) {
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (BindException e) {
        if (port > 32_000) {
          throw e;
        }
      }
    }
  }
}
