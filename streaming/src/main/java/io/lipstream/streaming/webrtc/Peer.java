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
  private final String theirFragment;
  private final LiveVideoCodec codec;
  private final String answer;
  private final LongSupplier clock;
  private final ViewerEvents events;
  private volatile @Nullable Media media;

  private record Media(Connection connection, RtpSession session) {}

  Peer(
      String id,
      String theirFragment,
      LiveVideoCodec codec,
      String answer,
      LongSupplier clock,
      ViewerEvents events) {
    this.id = id;
    this.theirFragment = theirFragment;
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
   * Takes what a browser found about itself after its offer (RFC 8840). Nothing in it is needed:
   * the browser calls us, and its address is learnt from its checks.
   *
   * @param fragment lines of a session description
   * @throws io.lipstream.media.LipstreamException if it wants to begin anew with other credentials
   */
  public void trickle(String fragment) {
    for (String line : fragment.lines().toList()) {
      String prefix = "a=ice-ufrag:";
      if (line.startsWith(prefix)
          && !line.substring(prefix.length()).trim().equals(theirFragment)) {
        throw SessionDescription.bad(
            "the fragment is of another ICE session than the offer's",
            "to restart a connection, close it and make a new offer");
      }
    }
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
