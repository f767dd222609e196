package io.lipstream.streaming.webrtc;

import io.lipstream.media.LipstreamException;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.ViewerEvents;
import io.lipstream.streaming.rtp.RtpSettings;
import io.lipstream.streaming.rtp.RtpSettings.Track;
import io.lipstream.streaming.webrtc.Negotiation.Section;
import io.lipstream.streaming.webrtc.Peer.IceRound;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Where browsers reach us: one UDP port, and TCP under the same number.
 *
 * <p>One thread reads all sockets, decrypts and calls the events of the peers; pictures and sound
 * are encrypted and sent by the threads that bring them. Each handshake has a virtual thread. Any
 * thread may call the methods here.
 */
public final class WebRtcEndpoint implements AutoCloseable {
  /** Between ticks while somebody is connected. */
  private static final long TICK_MILLIS = 20;

  private static final long IDLE_MILLIS = 500;

  /** In which all connections of an endpoint that stops say farewell; they are at it together. */
  private static final Duration FAREWELL = Duration.ofSeconds(5);

  private static final int ID_LETTERS = 22;
  private static final int ATTEMPTS = 10;

  private final WebRtcSettings settings;
  private final LongSupplier clock;
  private final SecureRandom random = new SecureRandom();
  private final DtlsIdentity identity = DtlsIdentity.create(random);
  private final Counters counters = new Counters();
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final ConcurrentHashMap<String, Peer> peers = new ConcurrentHashMap<>();
  private final IceServer ice;
  private final SocketThread thread;
  private final UdpPort udp;
  private final @Nullable TcpPort tcp;
  private final int port;
  private volatile boolean closed;

  /**
   * Begins to listen.
   *
   * @param clock nanoseconds, the clock of every picture's and sound's moment
   * @throws LipstreamException of kind ENVIRONMENT if the port is taken or the address not ours
   */
  public static WebRtcEndpoint open(WebRtcSettings settings, LongSupplier clock) {
    for (int attempt = 1; ; attempt++) {
      try {
        return new WebRtcEndpoint(settings, clock);
      } catch (IOException e) {
        // A free port of UDP may be taken in TCP; the next one will not be.
        if (settings.port() != 0 || attempt == ATTEMPTS) {
          throw new LipstreamException(
              LipstreamException.Kind.ENVIRONMENT,
              "cannot listen for WebRTC on "
                  + settings.bindAddress().getHostAddress()
                  + " port "
                  + settings.port()
                  + ": "
                  + e.getMessage(),
              "choose another port, or stop the program that has it",
              e);
        }
      }
    }
  }

  private WebRtcEndpoint(WebRtcSettings settings, LongSupplier clock) throws IOException {
    this.settings = settings;
    this.clock = clock;
    ice = new IceServer(counters, clock);
    Predicate<InetAddress> admitted =
        settings.thisMachineOnly() ? new OwnAddresses(clock)::contains : _ -> true;
    udp =
        new UdpPort(new InetSocketAddress(settings.bindAddress(), settings.port()), admitted, ice);
    SocketThread started = null;
    try {
      port = udp.number();
      started = new SocketThread("webrtc-" + port, this::tick);
      thread = started;
      tcp =
          settings.tcp()
              ? new TcpPort(
                  new InetSocketAddress(settings.bindAddress(), port), thread, clock, admitted, ice)
              : null;
      if (tcp != null) {
        ice.strangersOf(tcp);
      }
      udp.listen(thread);
      thread.start();
      Rehearsal.begin(identity);
    } catch (IOException e) {
      if (started != null) {
        started.stop();
      }
      udp.close();
      throw e;
    }
  }

  /** The port that it listens on. */
  public int port() {
    return port;
  }

  /**
   * Answers a browser's offer; the browser then connects, or is closed for not coming.
   *
   * @param events called from then on
   * @throws LipstreamException of kind INPUT if nothing can be sent to who made the offer
   */
  public Peer answer(String offerSdp, ViewerEvents events) {
    checkOpen();
    LiveVideoCodec preferred = settings.preferredVideo().orElse(null);
    Negotiation chosen = Negotiation.of(SessionDescription.parse(offerSdp), preferred);
    String id = Credentials.letters(random, ID_LETTERS);
    Credentials ours = Credentials.random(random);
    LiveVideoCodec codec = Objects.requireNonNull(chosen.picture().codec());
    RtpSettings rtp = rtpSettings(chosen, codec);
    String sdp = SdpWriter.answer(chosen, rtp, ours, identity.fingerprint(), candidates());
    String mid = chosen.firstMid();
    Peer peer =
        new Peer(
            id,
            round(ours, chosen.fragment(), mid),
            theirs -> restart(id, theirs, mid),
            codec,
            sdp,
            clock,
            events);
    Connection connection =
        connection(
            chosen.weBegin(),
            chosen.fingerprints(),
            List.of(SrtpProfile.values()),
            peer.owner(),
            () -> peers.remove(id));
    peer.begin(connection, rtp);
    peers.put(id, peer);
    ice.add(ours, chosen.fragment(), connection);
    begin(connection);
    return peer;
  }

  /** New names and passwords for the connection of a peer, if it is still there. */
  private IceRound restart(String id, String theirFragment, String mid) {
    Credentials ours = Credentials.random(random);
    Peer peer = peers.get(id);
    if (peer != null) {
      Connection connection = peer.connection();
      thread.run(
          () -> {
            if (connections.contains(connection)) {
              ice.restart(ours, theirFragment, connection);
            }
          });
    }
    return round(ours, theirFragment, mid);
  }

  private IceRound round(Credentials ours, String theirFragment, String mid) {
    String fragment = SdpWriter.fragment(ours, mid, candidates());
    return new IceRound(theirFragment, ours.fragment(), fragment);
  }

  private List<Candidate> candidates() {
    return Candidate.of(addresses(), port, tcp != null);
  }

  private Connection connection(
      boolean begins,
      List<Fingerprint> trusted,
      List<SrtpProfile> profiles,
      Connection.Owner owner,
      Runnable forget) {
    return new Connection(
        thread,
        counters,
        identity,
        begins,
        trusted,
        profiles,
        settings,
        clock.getAsLong(),
        owner,
        gone -> {
          connections.remove(gone);
          ice.remove(gone);
          forget.run();
        });
  }

  private void begin(Connection connection) {
    connections.add(connection);
    if (closed) {
      connection.close("the server stops"); // it stopped between the check and here
    }
    thread.hurry();
  }

  private RtpSettings rtpSettings(Negotiation chosen, LiveVideoCodec codec) {
    Section picture = chosen.picture();
    Track pictures =
        Track.of(random.nextInt(), picture.payloadType(), shortMid(picture), picture.extensions());
    if (picture.rtxPayloadType() >= 0) {
      pictures = pictures.withRtx(random.nextInt(), picture.rtxPayloadType());
    }
    Section sound = chosen.sound();
    Track sounds = Track.ABSENT;
    int microphone = -1;
    if (sound != null && sound.sends()) {
      sounds = Track.of(random.nextInt(), sound.payloadType(), shortMid(sound), sound.extensions());
    }
    if (sound != null && sound.receives()) {
      microphone = sound.payloadType();
    }
    return RtpSettings.of(codec, pictures, sounds, microphone, Credentials.letters(random, 16))
        .withBitrate(settings.bitrate());
  }

  /** What fits a header extension; a longer name is not sent there. */
  private static String shortMid(Section section) {
    return section.mid().length() <= 16 ? section.mid() : "";
  }

  private List<InetAddress> addresses() {
    if (!settings.advertised().isEmpty()) {
      return settings.advertised();
    }
    InetAddress bound = settings.bindAddress();
    return bound.isAnyLocalAddress() ? Candidate.local() : List.of(bound);
  }

  /** A peer of our own that watches another endpoint, with sockets of its own. */
  public WatchingPeer watch(WatchSettings wanted, WatchingPeer.Listener listener) {
    checkOpen();
    return new WatchingPeer(
        wanted,
        new Ground(),
        clock,
        listener,
        Credentials.random(random),
        identity.fingerprint(),
        random.nextInt());
  }

  /** The peer of that id, while it is there. */
  public Optional<Peer> find(String id) {
    return Optional.ofNullable(peers.get(id));
  }

  public WebRtcStatistics statistics() {
    return counters.read(connections.size());
  }

  IceServer ice() {
    return ice;
  }

  SocketThread thread() {
    return thread;
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the endpoint on port " + port + " is closed");
    }
  }

  private long tick() {
    long nowNanos = clock.getAsLong();
    if (tcp != null) {
      tcp.tick(nowNanos);
    }
    boolean hurried = false;
    for (Connection connection : connections) {
      hurried |= connection.tick(nowNanos);
    }
    if (connections.isEmpty()) {
      return IDLE_MILLIS;
    }
    return hurried ? SocketThread.HURRY_MILLIS : TICK_MILLIS;
  }

  /** Says farewell to every peer and frees the port. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    List<Connection> open = List.copyOf(connections);
    open.forEach(connection -> connection.close("the server stops"));
    long untilNanos = System.nanoTime() + FAREWELL.toNanos();
    open.forEach(
        connection -> connection.awaitEnd(Duration.ofNanos(untilNanos - System.nanoTime())));
    thread.stop();
    try {
      udp.close();
      if (tcp != null) {
        tcp.close();
      }
    } catch (IOException e) {
      // closed all the same
    }
  }

  private final class Ground implements WatchingPeer.Ground {
    @Override
    public Connection connection(
        boolean begins,
        List<Fingerprint> trusted,
        List<SrtpProfile> profiles,
        Connection.Owner owner) {
      Connection made = WebRtcEndpoint.this.connection(begins, trusted, profiles, owner, () -> {});
      begin(made);
      return made;
    }

    @Override
    public IceClient caller(
        Credentials ours, Credentials theirs, List<Candidate> candidates, Connection connection) {
      InetAddress any = new InetSocketAddress(0).getAddress();
      return new IceClient(thread, random, clock, any, ours, theirs, candidates, connection);
    }

    @Override
    public Credentials credentials() {
      return Credentials.random(random);
    }

    @Override
    public void run(Runnable task) {
      thread.run(task);
    }
  }
}
