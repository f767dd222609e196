package io.lipstream.streaming.webrtc;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The controlling side of ICE (RFC 8445): checks every candidate, nominates the first that answers,
 * and renews the consent. Checks of the other side, which a lite one does not make, are answered.
 * The endpoint's thread owns it.
 */
final class IceClient implements Arrivals {
  private static final long CHECK_NANOS = 50_000_000L;
  private static final long CONSENT_NANOS = 2_500_000_000L;

  /** Of a peer-reflexive candidate (RFC 8445, section 5.1.2.1). */
  private static final int PRIORITY = 110 << 24 | 0xFFFF << 8 | 255;

  /** Checks that may be unanswered at a time; older ones are lost. */
  private static final int MAX_PENDING = 64;

  private static final int TIE_BREAKER_BYTES = 8;

  private record Check(Route route, boolean nominating) {}

  private final SocketThread thread;
  private final SecureRandom random;
  private final LongSupplier clock;
  private final InetAddress local;
  private final byte[] username;
  private final byte[] key;
  private final byte[] ourKey;
  private final byte[] tieBreaker = new byte[TIE_BREAKER_BYTES];
  private final Connection connection;
  private final List<Candidate> candidates;
  private final List<Route> routes = new ArrayList<>();
  private final Map<ByteBuffer, Check> pending = new LinkedHashMap<>();
  private @Nullable UdpPort port;
  private @Nullable Route answered;
  private boolean nominated;
  private long nextNanos;
  private final LongAdder checksAnswered = new LongAdder();

  IceClient(
      SocketThread thread,
      SecureRandom random,
      LongSupplier clock,
      InetAddress local,
      Credentials ours,
      Credentials theirs,
      List<Candidate> candidates,
      Connection connection) {
    this.thread = thread;
    this.random = random;
    this.clock = clock;
    this.local = local;
    this.candidates = candidates;
    this.connection = connection;
    username = (theirs.fragment() + ":" + ours.fragment()).getBytes(StandardCharsets.UTF_8);
    key = theirs.key();
    ourKey = ours.key();
    random.nextBytes(tieBreaker);
    nextNanos = clock.getAsLong();
  }

  /** Opens a socket and calls every candidate from it; again for a new address of our own. */
  void open() throws IOException {
    close();
    answered = null;
    nominated = false;
    nextNanos = clock.getAsLong();
    UdpPort opened = new UdpPort(new InetSocketAddress(local, 0), _ -> true, this);
    port = opened;
    opened.listen(thread);
    for (Candidate candidate : candidates) {
      if (candidate.tcp()) {
        SocketChannel channel = SocketChannel.open();
        channel.configureBlocking(false);
        TcpRoute route = new TcpRoute(channel, candidate.address(), thread, this);
        routes.add(route);
        try {
          channel.connect(candidate.address());
          route.listen();
        } catch (IOException e) {
          route.close(); // another candidate may work
        }
      } else {
        routes.add(new UdpRoute(opened, candidate.address()));
      }
    }
  }

  /** How many checks were answered so far; from any thread. */
  long checksAnswered() {
    return checksAnswered.sum();
  }

  void tick(long nowNanos) {
    if (nowNanos - nextNanos < 0) {
      return;
    }
    Route chosen = answered;
    if (chosen == null) {
      for (Route route : List.copyOf(routes)) {
        check(route, false);
      }
    } else {
      check(chosen, true);
    }
    nextNanos = nowNanos + (nominated ? CONSENT_NANOS : CHECK_NANOS);
  }

  private void check(Route route, boolean nominate) {
    byte[] transaction = new byte[StunMessage.TRANSACTION_BYTES];
    random.nextBytes(transaction);
    StunWriter request =
        new StunWriter(StunMessage.BINDING_REQUEST, transaction)
            .attribute(StunMessage.USERNAME, username)
            .number(StunMessage.PRIORITY, PRIORITY)
            .attribute(StunMessage.ICE_CONTROLLING, tieBreaker);
    if (nominate) {
      request.attribute(StunMessage.USE_CANDIDATE, new byte[0]);
    }
    if (route.send(ByteBuffer.wrap(request.sign(key)))) {
      pending.put(ByteBuffer.wrap(transaction), new Check(route, nominate));
      if (pending.size() > MAX_PENDING) {
        pending.remove(pending.keySet().iterator().next());
      }
    }
  }

  @Override
  public void packet(byte[] data, int length, Route from) {
    if ((data[0] & 0xFC) != 0) {
      if (routes.contains(from)) {
        connection.packet(data, length);
      }
      return;
    }
    StunMessage message = StunMessage.parse(data, length);
    if (message == null || !message.intact()) {
      return;
    }
    if (message.type() == StunMessage.BINDING_REQUEST && message.signedWith(ourKey)) {
      answer(message, from);
    } else if (message.type() == StunMessage.BINDING_SUCCESS && message.signedWith(key)) {
      answered(message, from);
    }
  }

  private void answer(StunMessage request, Route from) {
    from.send(
        ByteBuffer.wrap(
            new StunWriter(StunMessage.BINDING_SUCCESS, request.transaction())
                .mappedAddress(from.remote())
                .sign(ourKey)));
  }

  private void answered(StunMessage message, Route from) {
    Check check = pending.remove(ByteBuffer.wrap(message.transaction()));
    if (check == null || !check.route.equals(from)) {
      return;
    }
    checksAnswered.increment();
    if (check.nominating) {
      nominated = true;
      connection.consented(from, true, clock.getAsLong());
    } else if (answered == null) {
      answered = from;
      check(from, true);
    }
  }

  @Override
  public void gone(Route route) {
    routes.remove(route);
    if (route.equals(answered)) {
      answered = null;
      nominated = false;
    }
  }

  /** Ends every way but the chosen TCP one, over which the farewell goes. */
  void close() {
    for (Route route : routes) {
      route.close();
    }
    routes.clear();
    pending.clear();
    if (port != null) {
      try {
        port.close();
      } catch (IOException e) {
        // it is closed all the same
      }
    }
  }
}
