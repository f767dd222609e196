package io.lipstream.streaming.webrtc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.media.LipstreamException;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.rtp.RtpSettings;
import io.lipstream.streaming.rtp.RtpSettings.HeaderExtensions;
import io.lipstream.streaming.rtp.RtpSettings.Track;
import io.lipstream.streaming.webrtc.Negotiation.Section;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SessionDescriptionTest {
  private static final String TRANSPORT =
      """
      c=IN IP4 0.0.0.0
      a=ice-ufrag:qlAb
      a=ice-pwd:x64jJ0qsOA1uSuJgVF1SzuDw
      a=ice-options:trickle
      a=fingerprint:sha-256 7D:11:C1:6C:17:1A:C7:53:6A:EA:31:37:D8:0C:85:B4:4A:01:AF:54:9F:FB:02:19:67:43:5C:8B:2E:60:5B:2A
      a=setup:actpass
      a=rtcp-mux
      """;

  /** In the manner of Chromium, with one codec of each kind. */
  private static final String OFFER =
      """
      v=0
      o=- 4572460563306847467 2 IN IP4 127.0.0.1
      s=-
      t=0 0
      a=group:BUNDLE 0 1 2
      a=extmap-allow-mixed
      m=video 9 UDP/TLS/RTP/SAVPF 98 96 97 102 104 107 108 109
      """
          + TRANSPORT
          + """
          a=mid:0
          a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
          a=extmap:3 urn:3gpp:video-orientation
          a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
          a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid
          a=recvonly
          a=rtpmap:98 VP9/90000
          a=rtpmap:96 VP8/90000
          a=rtcp-fb:96 goog-remb
          a=rtcp-fb:96 transport-cc
          a=rtcp-fb:96 ccm fir
          a=rtcp-fb:96 nack
          a=rtcp-fb:96 nack pli
          a=rtpmap:97 rtx/90000
          a=fmtp:97 apt=96
          a=rtpmap:102 H264/90000
          a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
          a=rtpmap:104 H264/90000
          a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f
          a=rtpmap:108 H264/90000
          a=rtcp-fb:108 nack pli
          a=rtcp-fb:108 nack
          a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
          a=rtpmap:109 rtx/90000
          a=fmtp:109 apt=108
          m=audio 9 UDP/TLS/RTP/SAVPF 63 111
          """
          + TRANSPORT
          + """
          a=mid:1
          a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
          a=sendrecv
          a=rtpmap:111 opus/48000/2
          a=rtcp-fb:111 transport-cc
          a=fmtp:111 minptime=10;useinbandfec=1
          a=rtpmap:63 red/48000/2
          m=application 9 UDP/DTLS/SCTP webrtc-datachannel
          """
          + TRANSPORT
          + "a=mid:2\n";

  private static final DtlsIdentity IDENTITY = DtlsIdentity.create(new SecureRandom());

  @Test
  void takesWhatTheBrowserLikesBest() {
    Negotiation chosen = negotiate(OFFER);
    Section picture = chosen.picture();
    assertThat(picture.codec()).isEqualTo(LiveVideoCodec.VP8);
    assertThat(picture.payloadType()).isEqualTo(96);
    assertThat(picture.rtxPayloadType()).isEqualTo(97);
    assertThat(picture.mid()).isEqualTo("0");
    assertThat(picture.feedback())
        .containsExactlyInAnyOrder("nack", "nack pli", "ccm fir", "transport-cc");
    assertThat(picture.extensions()).isEqualTo(new HeaderExtensions(4, 2, 9));
    Section sound = Objects.requireNonNull(chosen.sound());
    assertThat(sound.payloadType()).isEqualTo(111);
    assertThat(sound.sends()).isTrue();
    assertThat(sound.receives()).isTrue();
    assertThat(sound.extensions()).isEqualTo(new HeaderExtensions(4, 0, 0));
    assertThat(chosen.fragment()).isEqualTo("qlAb");
    assertThat(chosen.weBegin()).isFalse();
  }

  @Test
  void takesTheServersChoiceWhereTheBrowserHasIt() {
    Section picture =
        Negotiation.of(SessionDescription.parse(OFFER), LiveVideoCodec.H264).picture();
    assertThat(picture.codec()).isEqualTo(LiveVideoCodec.H264);
    assertThat(picture.payloadType()).isEqualTo(108);
    assertThat(picture.rtxPayloadType()).isEqualTo(109);
    String withoutH264 = OFFER.replace("H264/90000", "H263/90000");
    assertThat(
            Negotiation.of(SessionDescription.parse(withoutH264), LiveVideoCodec.H264)
                .picture()
                .codec())
        .isEqualTo(LiveVideoCodec.VP8);
  }

  @ParameterizedTest
  @CsvSource({
    "sendrecv, true, true",
    "recvonly, true, false",
    "sendonly, false, true",
    "nothing, true, true"
  })
  void sendsAndHearsSoundAsTheBrowserWants(String direction, boolean sends, boolean receives) {
    Section sound =
        Objects.requireNonNull(negotiate(OFFER.replace("a=sendrecv", "a=" + direction)).sound());
    assertThat(sound.sends()).isEqualTo(sends);
    assertThat(sound.receives()).isEqualTo(receives);
  }

  @Test
  void doesWithoutSound() {
    assertThat(negotiate(OFFER.replace("opus/48000/2", "PCMU/8000")).sound()).isNull();
    assertThat(negotiate(OFFER.replace("a=sendrecv", "a=inactive")).sound()).isNull();
  }

  @Test
  void repairsNothingWithoutRtx() {
    Section picture = negotiate(OFFER.replace("apt=96", "apt=95")).picture();
    assertThat(picture.rtxPayloadType()).isEqualTo(-1);
    assertThat(picture.feedback()).doesNotContain("nack");
  }

  @Test
  void waitsForOneWhoOnlyWaits() {
    assertThat(negotiate(OFFER.replace("actpass", "passive")).weBegin()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a=recvonly           | a=sendonly      | no section that wants VP8 or H.264 video",
        "m=video 9            | m=video 0       | no section that wants VP8 or H.264 video",
        "BUNDLE 0 1 2         | BUNDLE 1 2      | does not bundle its video section",
        "BUNDLE 0 1 2         | BUNDLE 0 2      | does not bundle its audio section",
        "a=rtcp-mux           | a=nothing       | no a=rtcp-mux",
        "a=mid:0              | a=nothing       | no usable a=mid",
        "a=ice-ufrag          | a=nothing       | no usable a=ice-ufrag",
        "a=fingerprint:sha-256| a=fingerprint:sha-1 | no a=fingerprint with sha-256",
        "UDP/TLS/RTP/SAVPF    | RTP/AVP         | uses RTP/AVP",
        "setup:actpass        | setup:holdconn  | a=setup:holdconn",
        "v=0                  | x=0             | does not begin with v=0",
        "t=0 0                | t               | has the line 't'",
        "m=video 9            | m=video nine    | has the line 'm=video nine",
      })
  void saysWhatIsWrongWithAnOffer(String good, String bad, String message) {
    String broken = OFFER.replace(good.trim(), bad);
    assertThat(broken).isNotEqualTo(OFFER);
    assertThatThrownBy(() -> negotiate(broken))
        .isInstanceOfSatisfying(
            LipstreamException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(LipstreamException.Kind.INPUT);
              assertThat(e).hasMessageContaining(message);
              assertThat(e.hint()).isNotEmpty();
            });
  }

  @Test
  void refusesMoreThanABrowserWouldEverSend() {
    assertThatThrownBy(() -> negotiate(OFFER + "a=x\n".repeat(100_000)))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("characters");
    assertThatThrownBy(() -> negotiate(OFFER + "m=audio 9 X 1\n".repeat(40)))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("sections");
  }

  @Test
  void answersInTheOffersOrder() {
    String answer = answer(negotiate(OFFER));
    SessionDescription read = SessionDescription.parse(answer);
    assertThat(read.media())
        .extracting(SessionDescription.Media::kind)
        .containsExactly("video", "audio", "application");
    assertThat(read.media().get(2).port()).isZero();
    assertThat(read.bundle()).containsExactly("0", "1");
    assertThat(answer.lines())
        .contains(
            "a=ice-lite",
            "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
            "a=setup:passive",
            "a=sendonly",
            "a=ssrc-group:FID 1 4294967295",
            "a=rtcp-fb:96 nack pli",
            "a=fmtp:97 apt=96",
            "a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid",
            "a=candidate:1 1 udp 2130706431 192.0.2.7 40000 typ host",
            "a=candidate:2 1 tcp 2122317567 192.0.2.7 40000 typ host tcptype passive",
            "m=audio 9 UDP/TLS/RTP/SAVPF 111",
            "a=sendrecv",
            "a=fmtp:111 minptime=10;useinbandfec=1",
            "a=msid:stream video",
            "a=msid:stream audio",
            "m=application 0 UDP/DTLS/SCTP webrtc-datachannel");
    assertThat(answer).contains("\r\n").doesNotContain("\n\n");
  }

  @Test
  void aViewerOfOursUnderstandsTheAnswer() {
    RtpSettings understood = AnsweredMedia.of(SessionDescription.parse(answer(negotiate(OFFER))));
    assertThat(understood.codec()).isEqualTo(LiveVideoCodec.VP8);
    assertThat(understood.picture())
        .isEqualTo(Track.of(1, 96, "0", new HeaderExtensions(4, 2, 9)).withRtx(-1, 97));
    assertThat(understood.sound()).isEqualTo(Track.of(2, 111, "1", new HeaderExtensions(4, 0, 0)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1 1 udp 2130706431 192.0.2.7 40000 typ host",
        "1 1 UDP 2130706431 2001:db8::7 40000 typ srflx raddr 10.0.0.1 rport 9",
        "1 1 tcp 2130706431 192.0.2.7 40000 typ host tcptype passive generation 0"
      })
  void readsCandidatesThatCanBeCalled(String line) {
    assertThat(Candidate.parse(line)).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1 1 udp 2130706431 8a2f6c3e-9d7b-4f61-a1f1-2f9a4f7f7e11.local 40000 typ host",
        "1 2 udp 2130706431 192.0.2.7 40000 typ host",
        "1 1 tcp 2130706431 192.0.2.7 9 typ host tcptype active",
        "1 1 udp 2130706431 192.0.2.777 40000 typ host",
        "1 1 udp 2130706431 192.0.2.7 70000 typ host",
        "1 1 udp 2130706431 192.0.2.7 0 typ host"
      })
  void passesOverCandidatesThatCannotBeCalled(String line) {
    assertThat(Candidate.parse(line)).isNull();
  }

  private static Negotiation negotiate(String offer) {
    return Negotiation.of(SessionDescription.parse(offer), null);
  }

  private static String answer(Negotiation chosen) {
    Section sound = Objects.requireNonNull(chosen.sound());
    Section picture = chosen.picture();
    RtpSettings settings =
        RtpSettings.of(
            LiveVideoCodec.VP8,
            Track.of(1, picture.payloadType(), "0", picture.extensions())
                .withRtx(-1, picture.rtxPayloadType()),
            Track.of(2, sound.payloadType(), "1", sound.extensions()),
            sound.payloadType(),
            "stream");
    InetSocketAddress address = new InetSocketAddress(InetAddress.ofLiteral("192.0.2.7"), 40000);
    return SdpWriter.answer(
        chosen,
        settings,
        new Credentials("fragment", "password".repeat(4)),
        IDENTITY.fingerprint(),
        List.of(new Candidate(address, false), new Candidate(address, true)));
  }
}
