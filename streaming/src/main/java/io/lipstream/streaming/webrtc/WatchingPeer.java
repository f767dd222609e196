package io.lipstream.streaming.webrtc;

import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.ViewerEvents;
import io.lipstream.streaming.rtp.ReceivedMedia;
import io.lipstream.streaming.rtp.ReceiverStatistics;
import io.lipstream.streaming.rtp.RtpReceiver;
import io.lipstream.streaming.rtp.RtpSession;
import io.lipstream.streaming.rtp.RtpSettings;
import io.lipstream.streaming.rtp.RtpSettings.Track;
import io.lipstream.streaming.webrtc.SessionDescription.Media;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A peer of our own that watches: it makes the offer, calls the other side and begins DTLS, as a
 * browser does. For tests and for putting load on a server. Any thread may call it.
 */
public final class WatchingPeer implements AutoCloseable {

  /** What comes in; called by the endpoint's thread only. */
  public interface Listener extends ReceivedMedia {
    void connected();

    /** The last call. */
    void closed(String reason);
  }

  /** What an endpoint gives to its peers. */
  interface Ground {
    Connection connection(
        boolean begins,
        List<Fingerprint> trusted,
        List<SrtpProfile> profiles,
        Connection.Owner owner);

    IceClient caller(
        Credentials ours, Credentials theirs, List<Candidate> candidates, Connection connection);

    /** A new name and password. */
    Credentials credentials();

    void run(Runnable task);
  }

  private record Call(
      Connection connection, IceClient ice, RtpReceiver receiver, RtpSession microphone) {}

  private final WatchSettings wanted;
  private final Ground ground;
  private final LongSupplier clock;
  private final Listener listener;
  private volatile Credentials ours;
  private final int microphoneSsrc;
  private final String offer;
  private volatile @Nullable Call call;

  WatchingPeer(
      WatchSettings wanted,
      Ground ground,
      LongSupplier clock,
      Listener listener,
      Credentials ours,
      Fingerprint fingerprint,
      int microphoneSsrc) {
    this.wanted = wanted;
    this.ground = ground;
    this.clock = clock;
    this.listener = listener;
    this.ours = ours;
    this.microphoneSsrc = microphoneSsrc;
    offer = SdpWriter.offer(wanted, microphoneSsrc, ours, fingerprint);
  }

  /** The session description to give to the other side. */
  public String offer() {
    return offer;
  }

  /**
   * Takes the other side's answer and calls it.
   *
   * @throws io.lipstream.media.LipstreamException of kind INPUT if the answer is unusable
   */
  public void accept(String answerSdp) {
    SessionDescription answer = SessionDescription.parse(answerSdp);
    Media first =
        answer.media().stream()
            .filter(media -> media.port() != 0)
            .findFirst()
            .orElseThrow(
                () -> SessionDescription.bad("the answer accepts nothing", "ask for video"));
    RtpSettings theirs = AnsweredMedia.of(answer);
    List<Fingerprint> trusted =
        answer.all(first, "fingerprint").stream()
            .map(Fingerprint::parse)
            .filter(Objects::nonNull)
            .toList();
    boolean begins = !"active".equals(answer.first(first, "setup"));
    Connection connection = ground.connection(begins, trusted, wanted.protection(), new Owner());
    IceClient ice =
        ground.caller(
            ours,
            new Credentials(needed(answer, first, "ice-ufrag"), needed(answer, first, "ice-pwd")),
            candidates(first),
            connection);
    call =
        new Call(
            connection,
            ice,
            new RtpReceiver(theirs, connection, clock, listener),
            microphone(connection, theirs));
    ground.run(() -> open(ice));
  }

  private List<Candidate> candidates(Media media) {
    return media.all("candidate").stream()
        .map(Candidate::parse)
        .filter(Objects::nonNull)
        .filter(candidate -> candidate.tcp() == wanted.tcp())
        .toList();
  }

  private RtpSession microphone(Connection connection, RtpSettings theirs) {
    Track sound =
        wanted.microphone() && theirs.sound().present()
            ? Track.of(
                microphoneSsrc,
                theirs.sound().payloadType(),
                theirs.sound().mid(),
                theirs.sound().extensions())
            : Track.ABSENT;
    RtpSettings own = RtpSettings.of(theirs.codec(), Track.ABSENT, sound, -1, "microphone");
    return new RtpSession(own, connection, clock, new Unheard(), MicrophoneDecoder::new);
  }

  private static String needed(SessionDescription answer, Media media, String name) {
    String value = answer.first(media, name);
    if (value == null) {
      throw SessionDescription.bad(
          "the answer has no a=" + name, "hand over the answer of a WebRTC peer, unchanged");
    }
    return value;
  }

  private static void open(IceClient ice) {
    try {
      ice.open();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot open a socket", e);
    }
  }

  /** Says something, as a browser's microphone does. */
  public void microphone(EncodedSound sound) {
    Call current = called();
    if (current.connection.ready()) {
      current.microphone.audio(sound);
    }
  }

  public ReceiverStatistics statistics() {
    return called().receiver.statistics();
  }

  /** Goes on from another port, as a browser does whose network changed. */
  void roam() {
    IceClient ice = called().ice;
    ground.run(() -> open(ice));
  }

  /** Begins ICE anew; returns what the other side must be told, which answers with the like. */
  String restart() {
    ours = ground.credentials();
    return SdpWriter.fragment(ours, "0", List.of());
  }

  /** Goes on with the other side's new credentials, from another port. */
  void restarted(String theirs) {
    Call before = called();
    SessionDescription answer = SessionDescription.parse("v=0\r\n" + theirs);
    Media media = answer.media().getFirst();
    IceClient ice =
        ground.caller(
            ours,
            new Credentials(needed(answer, media, "ice-ufrag"), needed(answer, media, "ice-pwd")),
            candidates(media),
            before.connection);
    call = new Call(before.connection, ice, before.receiver, before.microphone);
    ground.run(
        () -> {
          before.ice.close();
          open(ice);
        });
  }

  long checksAnswered() {
    return called().ice.checksAnswered();
  }

  private Call called() {
    Call current = call;
    if (current == null) {
      throw new IllegalStateException("the answer was not accepted yet");
    }
    return current;
  }

  @Override
  public void close() {
    Call current = call;
    if (current != null) {
      current.connection.close("closed");
    }
  }

  private final class Owner implements Connection.Owner {
    @Override
    public void connected() {
      listener.connected();
    }

    @Override
    public void rtp(byte[] packet, int length) {
      called().receiver.rtp(packet, length);
    }

    @Override
    public void rtcp(byte[] packet, int length) {
      Call current = called();
      current.receiver.rtcp(packet, length);
      current.microphone.rtcp(packet, length);
    }

    @Override
    public boolean tick(long nowNanos) {
      Call current = call;
      if (current == null) {
        return false;
      }
      current.ice.tick(nowNanos);
      if (current.connection.ready()) {
        current.receiver.tick(nowNanos);
        current.microphone.tick(nowNanos);
      }
      return true; // it asks for what is missing as soon as a browser does
    }

    @Override
    public void closing() {
      called().microphone.close();
    }

    @Override
    public void closed(String reason) {
      Call current = called();
      current.microphone.close();
      current.ice.close();
      listener.closed(reason);
    }
  }

  /** Of the way back: a microphone asks for nothing. */
  private static final class Unheard implements ViewerEvents {
    @Override
    public void connected() {}

    @Override
    public void keyFrameWanted() {}

    @Override
    public void bitrate(int bitsPerSecond) {}

    @Override
    public void microphone(float[] mono48k, int count) {}

    @Override
    public void closed(String reason) {}
  }
}
