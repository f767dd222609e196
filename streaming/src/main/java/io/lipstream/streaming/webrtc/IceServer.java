package io.lipstream.streaming.webrtc;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * ICE-lite (RFC 8445, section 2.5): waits for the checks of browsers, answers those that prove to
 * know the password, and brings the packets of proven routes to their connections.
 *
 * <p>Who does not know the password gets no answer, so that nobody can have one sent to a victim.
 * The endpoint's thread owns it; any thread may add.
 */
final class IceServer implements Arrivals {
  /** Routes that one connection may prove; more are no browser's. */
  private static final int MAX_ROUTES = 32;

  private final Counters counters;
  private final LongSupplier clock;
  private final Map<String, Entry> byFragment = new ConcurrentHashMap<>();
  private final Map<Route, Entry> byRoute = new HashMap<>();
  private @Nullable TcpPort tcpPort;

  IceServer(Counters counters, LongSupplier clock) {
    this.counters = counters;
    this.clock = clock;
  }

  /** Lets go of proven TCP connections there. */
  void strangersOf(TcpPort port) {
    tcpPort = port;
  }

  /** Expects checks for it. */
  void add(Credentials ours, String theirFragment, Connection connection) {
    byFragment.put(ours.fragment(), new Entry(ours, theirFragment, connection));
  }

  /**
   * Expects checks of a restart too (RFC 8445, section 9). The way that was proven before goes on
   * until one is nominated under the new credentials, from then on only they count. On the
   * endpoint's thread.
   */
  void restart(Credentials ours, String theirFragment, Connection connection) {
    for (Entry entry : List.copyOf(byFragment.values())) {
      if (entry.connection == connection && entry.restarts) {
        forget(entry); // a restart that a newer one overtakes
      }
    }
    Entry entry = new Entry(ours, theirFragment, connection);
    entry.restarts = true;
    byFragment.put(ours.fragment(), entry);
  }

  /** Expects none any more; on the endpoint's thread. */
  void remove(Connection connection) {
    for (Entry entry : List.copyOf(byFragment.values())) {
      if (entry.connection == connection) {
        forget(entry);
      }
    }
  }

  private void forget(Entry entry) {
    byFragment.remove(entry.ours.fragment());
    byRoute
        .entrySet()
        .removeIf(
            known -> {
              boolean its = known.getValue() == entry;
              if (its && !entry.connection.uses(known.getKey())) {
                known.getKey().close();
              }
              return its;
            });
  }

  int expectedCount() {
    return byFragment.size();
  }

  int routeCount() {
    return byRoute.size();
  }

  @Override
  public void packet(byte[] data, int length, Route from) {
    if ((data[0] & 0xFC) == 0) {
      StunMessage message = StunMessage.parse(data, length);
      if (message != null && message.type() == StunMessage.BINDING_REQUEST) {
        check(message, from);
      }
      return;
    }
    Entry entry = byRoute.get(from);
    if (entry == null) {
      counters.refusedPackets.increment();
    } else {
      entry.connection.packet(data, length);
    }
  }

  @Override
  public void gone(Route route) {
    Entry entry = byRoute.remove(route);
    if (entry != null) {
      entry.routes--;
    }
    if (tcpPort != null && route instanceof TcpRoute tcp) {
      tcpPort.forget(tcp);
    }
  }

  private void check(StunMessage request, Route from) {
    Entry entry = proven(request);
    if (entry == null) {
      counters.refusedChecks.increment();
      return;
    }
    byte[] key = entry.ours.key();
    if (!request.unknown().isEmpty()) {
      answer(
          from,
          new StunWriter(StunMessage.BINDING_ERROR, request.transaction())
              .error(420, "Unknown Attribute")
              .unknownAttributes(request.unknown())
              .sign(key));
      return;
    }
    if (request.controlled()) {
      // A lite side never controls: the browser has to.
      answer(
          from,
          new StunWriter(StunMessage.BINDING_ERROR, request.transaction())
              .error(487, "Role Conflict")
              .sign(key));
      return;
    }
    if (!learn(from, entry)) {
      counters.refusedChecks.increment();
      return;
    }
    answer(
        from,
        new StunWriter(StunMessage.BINDING_SUCCESS, request.transaction())
            .mappedAddress(from.remote())
            .sign(key));
    entry.connection.consented(from, request.useCandidate(), clock.getAsLong());
    if (request.useCandidate() && entry.restarts) {
      entry.restarts = false;
      replace(entry);
    }
  }

  private void replace(Entry by) {
    for (Entry entry : List.copyOf(byFragment.values())) {
      if (entry.connection == by.connection && entry != by) {
        forget(entry);
      }
    }
  }

  private @Nullable Entry proven(StunMessage request) {
    String username = request.username();
    int colon = username == null ? -1 : username.indexOf(':');
    if (username == null || colon < 0 || !request.intact()) {
      return null;
    }
    Entry entry = byFragment.get(username.substring(0, colon));
    return entry != null
            && username.substring(colon + 1).equals(entry.theirFragment)
            && request.signedWith(entry.ours.key())
        ? entry
        : null;
  }

  private boolean learn(Route from, Entry entry) {
    Entry known = byRoute.get(from);
    if (known == entry) {
      return true;
    }
    if (entry.routes >= MAX_ROUTES) {
      return false;
    }
    if (known != null) {
      known.routes--; // the port of a connection that ended without a word serves a new one
    }
    byRoute.put(from, entry);
    entry.routes++;
    if (tcpPort != null && from instanceof TcpRoute tcp) {
      tcpPort.forget(tcp);
    }
    return true;
  }

  private static void answer(Route to, byte[] message) {
    to.send(ByteBuffer.wrap(message));
  }

  private static final class Entry {
    final Credentials ours;
    final String theirFragment;
    final Connection connection;
    int routes;

    /** Whether it is to take the place of another, once a route is nominated. */
    boolean restarts;

    Entry(Credentials ours, String theirFragment, Connection connection) {
      this.ours = ours;
      this.theirFragment = theirFragment;
      this.connection = connection;
    }
  }
}
