package io.lipstream.streaming.webrtc;

import io.lipstream.streaming.live.EncodedPicture;
import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.Viewer;
import io.lipstream.streaming.live.ViewerEvents;
import io.lipstream.streaming.live.ViewerStatistics;
import io.lipstream.streaming.rtp.RtpSession;
import io.lipstream.streaming.rtp.RtpSettings;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One browser that watches.
 *
 * <p>Its events come from the endpoint's thread, and {@code keyFrameWanted} and {@code bitrate}
 * also from the thread that hands pictures over.
 */
public final class Peer implements Viewer {
  private final String id;
  private final LiveVideoCodec codec;
  private final String answer;
  private final LongSupplier clock;
  private final ViewerEvents events;
  private final Function<String, IceRound> restart;
  private volatile IceRound round;
  private volatile @Nullable Media media;

  private record Media(Connection connection, RtpSession session) {}

  /**
   * What is agreed on until ICE is restarted.
   *
   * @param fragment our lines of it, as a session description's fragment (RFC 8840)
   */
  record IceRound(String theirFragment, String ourFragment, String fragment) {}

  /**
   * A peer that waits.
   *
   * @param restart begins the next round of ICE with the browser's new name
   */
  Peer(
      String id,
      IceRound round,
      Function<String, IceRound> restart,
      LiveVideoCodec codec,
      String answer,
      LongSupplier clock,
      ViewerEvents events) {
    this.id = id;
    this.round = round;
    this.restart = restart;
    this.codec = codec;
    this.answer = answer;
    this.clock = clock;
    this.events = events;
  }

  /** Before anybody else sees this peer. */
  void begin(Connection connection, RtpSettings settings) {
    media =
        new Media(
            connection,
            new RtpSession(settings, connection, clock, events, MicrophoneDecoder::new));
  }

  Connection.Owner owner() {
    return new Owner();
  }

  /** A word that nobody can guess. */
  public String id() {
    return id;
  }

  /** The session description to give to the browser. */
  public String answer() {
    return answer;
  }

  /**
   * Takes what a browser found about itself after its offer (RFC 8840). Its candidates are not
   * needed: the browser calls us, and its address is learnt from its checks. New credentials
   * restart ICE: the connection goes on, by whatever way the browser finds now.
   *
   * @param fragment lines of a session description
   * @return what the browser is to be answered if it restarts: our new credentials
   * @throws io.lipstream.media.LipstreamException if it restarts without saying all of it
   */
  public synchronized Optional<String> trickle(String fragment) {
    String name = value(fragment, "a=ice-ufrag:");
    if (name == null || name.equals(round.theirFragment)) {
      return Optional.empty();
    }
    if (value(fragment, "a=ice-pwd:") == null || !name.matches(Negotiation.ICE_NAME)) {
      throw SessionDescription.bad(
          "the fragment begins another ICE session without a whole ice-ufrag and ice-pwd",
          "send both lines of the offer that RTCPeerConnection.restartIce() leads to");
    }
    round = restart.apply(name);
    return Optional.of(round.fragment);
  }

  private static @Nullable String value(String fragment, String prefix) {
    return fragment
        .lines()
        .filter(line -> line.startsWith(prefix))
        .map(line -> line.substring(prefix.length()).trim())
        .findFirst()
        .orElse(null);
  }

  /** Names the round of ICE that holds now; each restart begins another. */
  public String iceRound() {
    return round.ourFragment;
  }

  Connection connection() {
    return media().connection;
  }

  private Media media() {
    return Objects.requireNonNull(media, "not begun");
  }

  @Override
  public LiveVideoCodec codec() {
    return codec;
  }

  @Override
  public void video(EncodedPicture picture) {
    Media current = media();
    if (current.connection.ready()) {
      current.session.video(picture);
      if (current.session.waiting()) {
        current.connection.hurry();
      }
    }
  }

  @Override
  public void audio(EncodedSound sound) {
    Media current = media();
    if (current.connection.ready()) {
      current.session.audio(sound);
    }
  }

  @Override
  public ViewerStatistics statistics() {
    return media().session.statistics();
  }

  @Override
  public void close() {
    media().connection.close("closed");
  }

  private final class Owner implements Connection.Owner {
    @Override
    public void connected() {
      events.connected();
    }

    @Override
    public void rtp(byte[] packet, int length) {
      RtpSession session = media().session;
      session.rtp(packet, length);
      session.tick(clock.getAsLong());
    }

    @Override
    public void rtcp(byte[] packet, int length) {
      RtpSession session = media().session;
      session.rtcp(packet, length);
      session.tick(clock.getAsLong()); // what was asked for again leaves now
    }

    @Override
    public boolean tick(long nowNanos) {
      Media current = media();
      if (!current.connection.ready()) {
        return false;
      }
      current.session.tick(nowNanos);
      return current.session.waiting();
    }

    @Override
    public void closing() {
      media().session.close();
    }

    @Override
    public void closed(String reason) {
      media().session.close();
      events.closed(reason);
    }
  }
}
