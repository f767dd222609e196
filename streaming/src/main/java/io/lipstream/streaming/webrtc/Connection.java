package io.lipstream.streaming.webrtc;

import io.lipstream.streaming.rtp.PacketSink;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The secured way between us and one other side: a route that ICE found, DTLS over it, and SRTP
 * with the keys of DTLS.
 *
 * <pre>
 *   new -- a check came or was answered --> securing -- handshake --> connected -- close --> closed
 *    '------------------ timeout, refusal, close ------------------------------------------^
 * </pre>
 *
 * <p>The endpoint's thread owns it: checks, packets that come in, ticks, and every call to the
 * {@link Owner}. Any thread may send and close.
 */
final class Connection implements PacketSink {

  /** What a connection is for; called by the endpoint's thread only. */
  interface Owner {
    void connected();

    /** A decrypted packet, which may be changed and is valid until this returns. */
    void rtp(byte[] packet, int length);

    /** As {@link #rtp}, compound RTCP. */
    void rtcp(byte[] packet, int length);

    /**
     * Called now and then until it is closed.
     *
     * @return whether something waits, so that the next call must come soon
     */
    boolean tick(long nowNanos);

    /** The last moment in which packets can be sent; only after {@link #connected}. */
    void closing();

    /** The last call. */
    void closed(String reason);
  }

  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

  private final SocketThread thread;
  private final Counters counters;
  private final Owner owner;
  private final DtlsSession dtls;
  private final Consumer<Connection> forget;
  private final boolean begins;
  private final long openedNanos;
  private final long connectNanos;
  private final long consentNanos;
  private final ByteBuffer sending = ByteBuffer.allocateDirect(UdpPort.PACKET_BYTES);
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CountDownLatch concluded = new CountDownLatch(1);

  private volatile @Nullable Route route;
  private volatile @Nullable SrtpSender sender;
  private volatile @Nullable SrtpReceiver receiver;
  private boolean securing;
  private boolean connected;
  private boolean dtlsEnded;
  private boolean closed;
  private String closedReason = "";
  private long heardNanos;

  /**
   * A connection that waits for its route.
   *
   * @param begins whether DTLS is ours to begin
   * @param forget takes it out of what finds it
   */
  Connection(
      SocketThread thread,
      Counters counters,
      DtlsIdentity identity,
      boolean begins,
      List<Fingerprint> trusted,
      List<SrtpProfile> profiles,
      WebRtcSettings settings,
      long nowNanos,
      Owner owner,
      Consumer<Connection> forget) {
    this.thread = thread;
    this.counters = counters;
    this.owner = owner;
    this.forget = forget;
    this.begins = begins;
    openedNanos = nowNanos;
    heardNanos = nowNanos;
    connectNanos = settings.connectTimeout().toNanos();
    consentNanos = settings.consentTimeout().toNanos();
    dtls =
        new DtlsSession(
            identity, begins, trusted, profiles, settings.connectTimeout(), new DtlsEvents());
  }

  /** Whether media can be sent. */
  boolean ready() {
    return sender != null;
  }

  /**
   * ICE proved that the other side is at the other end of this route and wants to hear from us.
   *
   * @param nominated whether it chose this route
   */
  void consented(Route proven, boolean nominated, long nowNanos) {
    if (closed) {
      return;
    }
    heardNanos = nowNanos;
    if (route == null || nominated) {
      route = proven;
    }
    if (!securing) {
      securing = true;
      dtls.start();
    }
  }

  /** Whether its packets go that way. */
  boolean uses(Route which) {
    return which.equals(route);
  }

  /** A packet over a proven route: DTLS, SRTP or SRTCP (RFC 7983, RFC 5761). */
  void packet(byte[] data, int length) {
    int first = data[0] & 0xFF;
    if (first >= 20 && first < 64) {
      if (securing) {
        dtls.packet(data, length);
      }
    } else if (first >= 128 && first < 192 && length >= 8) {
      media(data, length);
    }
  }

  private void media(byte[] data, int length) {
    SrtpReceiver current = receiver;
    if (closed || !connected || current == null) {
      return; // too early: as good as lost
    }
    int second = data[1] & 0xFF;
    boolean rtcp = second >= 192 && second < 224;
    int plain = rtcp ? current.rtcp(data, length) : current.rtp(data, length);
    if (plain < 0) {
      counters.refusedPackets.increment();
    } else if (rtcp) {
      guarded(() -> owner.rtcp(data, plain));
    } else {
      guarded(() -> owner.rtp(data, plain));
    }
  }

  /** Closes what took too long, and passes the time on; returns what {@link Owner#tick} does. */
  boolean tick(long nowNanos) {
    if (closed) {
      return false;
    }
    if (!connected && nowNanos - openedNanos > connectNanos) {
      close(
          "not connected within "
              + Duration.ofNanos(connectNanos).toSeconds()
              + (securing ? " s: the DTLS handshake did not end" : " s: no check arrived"));
    } else if (connected && nowNanos - heardNanos > consentNanos) {
      close("nothing heard for " + Duration.ofNanos(consentNanos).toSeconds() + " s");
    } else {
      try {
        return owner.tick(nowNanos);
      } catch (RuntimeException | LinkageError | AssertionError e) {
        fault(e);
      }
    }
    return false;
  }

  /** Has the next tick come soon. */
  void hurry() {
    thread.hurry();
  }

  /** One connection's fault ends that connection and no other. */
  private void guarded(Runnable work) {
    try {
      work.run();
    } catch (RuntimeException | LinkageError | AssertionError e) {
      fault(e);
    }
  }

  private void fault(Throwable e) {
    LOG.error("a connection is closed because of a fault", e);
    close("a fault: " + e);
  }

  @Override
  public void rtp(byte[] packet, int length) {
    SrtpSender current = sender;
    if (current != null) {
      synchronized (sending) {
        send(packet, current.rtp(packet, length));
      }
    }
  }

  @Override
  public void rtcp(byte[] packet, int length) {
    SrtpSender current = sender;
    if (current != null) {
      synchronized (sending) {
        send(packet, current.rtcp(packet, length));
      }
    }
  }

  private void send(byte[] packet, int length) {
    Route current = route;
    if (length < 0 || current == null) {
      return;
    }
    sending.clear();
    sending.put(packet, 0, length).flip();
    if (!current.send(sending)) {
      counters.droppedPackets.increment();
    }
  }

  /** Ends it, soon; the first reason counts. */
  void close(String reason) {
    if (closing.compareAndSet(false, true)) {
      thread.run(() -> finish(reason));
    }
  }

  private void finish(String reason) {
    if (connected) {
      guarded(owner::closing);
    } else if (securing) {
      counters.failedHandshakes.increment();
    }
    closed = true;
    closedReason = reason;
    sender = null;
    receiver = null;
    forget.accept(this);
    if (securing && !dtlsEnded) {
      dtls.close(); // its thread says farewell before the route goes
    } else {
      conclude();
    }
  }

  private void conclude() {
    Route last = route;
    if (last != null) {
      last.close();
    }
    guarded(() -> owner.closed(closedReason));
    concluded.countDown();
  }

  /** After {@link #close}: waits until the owner was told, at most this long. */
  void awaitEnd(Duration patience) {
    try {
      if (!concluded.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("a connection did not end within {} ms", patience.toMillis());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private final class DtlsEvents implements DtlsSession.Events {
    @Override
    public void secured(SrtpProfile profile, byte[] keyingMaterial) {
      SrtpKeys ofClient = SrtpKeys.ofClient(profile, keyingMaterial);
      SrtpKeys ofServer = SrtpKeys.ofServer(profile, keyingMaterial);
      thread.run(
          () -> {
            if (closing.get()) {
              return;
            }
            receiver = new SrtpReceiver(profile, begins ? ofServer : ofClient);
            sender = new SrtpSender(profile, begins ? ofClient : ofServer);
            connected = true;
            counters.connected.increment();
            guarded(owner::connected);
          });
    }

    @Override
    public void ended(String reason) {
      thread.run(
          () -> {
            dtlsEnded = true;
            if (closed) {
              conclude();
            } else {
              close(reason);
            }
          });
    }

    @Override
    public void send(ByteBuffer packet) {
      Route current = route;
      if (current != null) {
        current.send(packet);
      }
    }
  }
}
