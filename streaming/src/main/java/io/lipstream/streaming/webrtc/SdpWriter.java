package io.lipstream.streaming.webrtc;

import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.rtp.RtpSettings;
import io.lipstream.streaming.rtp.RtpSettings.HeaderExtensions;
import io.lipstream.streaming.webrtc.Negotiation.Section;
import io.lipstream.streaming.webrtc.SessionDescription.Media;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/** Writes the session descriptions of our side. */
final class SdpWriter {
  /** The payload types of our own offers; an offer that we answer has its own. */
  static final int VP8 = 96;

  static final int VP8_RTX = 97;
  static final int H264 = 98;
  static final int H264_RTX = 99;
  static final int OPUS = 111;

  /** The ids of our own offers' header extensions. */
  static final HeaderExtensions EXTENSIONS = new HeaderExtensions(3, 2, 1);

  private static final String OPUS_FORMAT = "minptime=10;useinbandfec=1";
  private static final String PROTOCOL = "UDP/TLS/RTP/SAVPF";

  private final StringBuilder text = new StringBuilder(4096);
  private final Credentials credentials;
  private final Fingerprint fingerprint;
  private final String setup;

  private SdpWriter(Credentials credentials, Fingerprint fingerprint, String setup) {
    this.credentials = credentials;
    this.fingerprint = fingerprint;
    this.setup = setup;
  }

  /** The answer to an offer. Everything goes to the transport of the first section we accept. */
  static String answer(
      Negotiation negotiation,
      RtpSettings settings,
      Credentials credentials,
      Fingerprint fingerprint,
      List<Candidate> candidates) {
    SdpWriter writer =
        new SdpWriter(credentials, fingerprint, negotiation.weBegin() ? "active" : "passive");
    Section picture = negotiation.picture();
    Section sound = negotiation.sound();
    List<String> bundled = new ArrayList<>();
    for (Media media : negotiation.sections()) {
      if (media.equals(picture.media())) {
        bundled.add(picture.mid());
      } else if (sound != null && media.equals(sound.media())) {
        bundled.add(sound.mid());
      }
    }
    writer.begin(bundled);
    writer.line("a=ice-lite");
    boolean first = true;
    for (Media media : negotiation.sections()) {
      if (media.equals(picture.media())) {
        writer.picture(picture, settings);
      } else if (sound != null && media.equals(sound.media())) {
        writer.sound(sound, settings);
      } else {
        writer.refusal(media);
        continue;
      }
      if (first) {
        candidates(writer.text, candidates);
        first = false;
      }
    }
    return writer.text.toString();
  }

  /** An offer to watch. */
  static String offer(
      WatchSettings wanted, int microphoneSsrc, Credentials credentials, Fingerprint fingerprint) {
    List<LiveVideoCodec> codecs = wanted.codecs();
    boolean microphone = wanted.microphone();
    SdpWriter writer = new SdpWriter(credentials, fingerprint, "actpass");
    writer.begin(List.of("0", "1"));
    List<String> formats = new ArrayList<>();
    for (LiveVideoCodec codec : codecs) {
      formats.add(codec == LiveVideoCodec.VP8 ? VP8 + " " + VP8_RTX : H264 + " " + H264_RTX);
    }
    writer.line("m=video 9 %s %s".formatted(PROTOCOL, String.join(" ", formats)));
    writer.transport("0", "recvonly");
    writer.extensions(EXTENSIONS);
    for (LiveVideoCodec codec : codecs) {
      writer.offered(codec);
    }
    writer.line("m=audio 9 %s %d".formatted(PROTOCOL, OPUS));
    writer.transport("1", microphone ? "sendrecv" : "recvonly");
    writer.extensions(EXTENSIONS);
    writer.line("a=rtpmap:%d opus/48000/2".formatted(OPUS));
    writer.line("a=fmtp:%d %s".formatted(OPUS, OPUS_FORMAT));
    writer.line("a=rtcp-fb:%d transport-cc".formatted(OPUS));
    if (microphone) {
      writer.line("a=msid:- microphone");
      writer.line("a=ssrc:%d cname:microphone".formatted(microphoneSsrc & 0xFFFF_FFFFL));
    }
    return writer.text.toString();
  }

  /** What changes when ICE is restarted (RFC 8840, section 9). */
  static String fragment(Credentials credentials, String mid, List<Candidate> candidates) {
    StringBuilder text = new StringBuilder(1024).append("a=ice-lite\r\n");
    ice(text, credentials);
    text.append("m=video 9 ").append(PROTOCOL).append(" 0\r\na=mid:").append(mid).append("\r\n");
    candidates(text, candidates);
    return text.toString();
  }

  private static void ice(StringBuilder text, Credentials credentials) {
    text.append("a=ice-ufrag:").append(credentials.fragment()).append("\r\n");
    text.append("a=ice-pwd:").append(credentials.password()).append("\r\n");
  }

  private static void candidates(StringBuilder text, List<Candidate> candidates) {
    for (int i = 0; i < candidates.size(); i++) {
      text.append("a=candidate:").append(candidates.get(i).line(i)).append("\r\n");
    }
    text.append("a=end-of-candidates\r\n");
  }

  private void begin(List<String> bundled) {
    line("v=0");
    line("o=- %d 1 IN IP4 127.0.0.1".formatted(ThreadLocalRandom.current().nextLong(1L << 62)));
    line("s=-");
    line("t=0 0");
    line("a=group:BUNDLE %s".formatted(String.join(" ", bundled)));
    line("a=msid-semantic: WMS *");
  }

  private void transport(String mid, String direction) {
    line("c=IN IP4 0.0.0.0");
    line("a=rtcp:9 IN IP4 0.0.0.0");
    line("a=mid:%s".formatted(mid));
    line("a=%s".formatted(direction));
    ice(text, credentials);
    line("a=fingerprint:%s %s".formatted(fingerprint.hash(), fingerprint.digest()));
    line("a=setup:%s".formatted(setup));
    line("a=rtcp-mux");
    line("a=rtcp-rsize");
  }

  private void picture(Section section, RtpSettings settings) {
    int payloadType = section.payloadType();
    boolean rtx = section.rtxPayloadType() >= 0;
    line(
        "m=video 9 %s %d%s"
            .formatted(
                section.media().protocol(),
                payloadType,
                rtx ? " " + section.rtxPayloadType() : ""));
    transport(section.mid(), "sendonly");
    extensions(section.extensions());
    line("a=rtpmap:%d %s/90000".formatted(payloadType, settings.codec()));
    if (settings.codec() == LiveVideoCodec.H264) {
      line("a=fmtp:%d %s".formatted(payloadType, h264Format(section.format())));
    }
    for (String feedback : section.feedback()) {
      line("a=rtcp-fb:%d %s".formatted(payloadType, feedback));
    }
    RtpSettings.Track track = settings.picture();
    if (rtx) {
      line("a=rtpmap:%d rtx/90000".formatted(section.rtxPayloadType()));
      line("a=fmtp:%d apt=%d".formatted(section.rtxPayloadType(), payloadType));
      line("a=ssrc-group:FID %s %s".formatted(unsigned(track.ssrc()), unsigned(track.rtxSsrc())));
    }
    source(settings.cname(), "video", track.ssrc());
    if (rtx) {
      source(settings.cname(), "video", track.rtxSsrc());
    }
    line("a=msid:%s video".formatted(settings.cname()));
  }

  /** The profile stays the offered one; each side may send at its own level. */
  private static String h264Format(String offered) {
    return "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id="
        + Objects.requireNonNullElse(Negotiation.parameter(offered, "profile-level-id"), "42e01f");
  }

  private void sound(Section section, RtpSettings settings) {
    int payloadType = section.payloadType();
    line("m=audio 9 %s %d".formatted(section.media().protocol(), payloadType));
    String direction = section.sends() ? section.receives() ? "sendrecv" : "sendonly" : "recvonly";
    transport(section.mid(), direction);
    extensions(section.extensions());
    line("a=rtpmap:%d opus/48000/2".formatted(payloadType));
    line("a=fmtp:%d %s".formatted(payloadType, OPUS_FORMAT));
    for (String feedback : section.feedback()) {
      line("a=rtcp-fb:%d %s".formatted(payloadType, feedback));
    }
    if (section.sends()) {
      source(settings.cname(), "audio", settings.sound().ssrc());
      line("a=msid:%s audio".formatted(settings.cname()));
    }
  }

  /** Of the same stream, so that a browser plays picture and sound in step. */
  private void source(String cname, String track, int ssrc) {
    line("a=ssrc:%s cname:%s".formatted(unsigned(ssrc), cname));
    line("a=ssrc:%s msid:%s %s".formatted(unsigned(ssrc), cname, track));
  }

  private void offered(LiveVideoCodec codec) {
    int payloadType = codec == LiveVideoCodec.VP8 ? VP8 : H264;
    line("a=rtpmap:%d %s/90000".formatted(payloadType, codec));
    if (codec == LiveVideoCodec.H264) {
      line("a=fmtp:%d %s".formatted(payloadType, h264Format("")));
    }
    for (String feedback : List.of("nack", "nack pli", "ccm fir", "transport-cc")) {
      line("a=rtcp-fb:%d %s".formatted(payloadType, feedback));
    }
    line("a=rtpmap:%d rtx/90000".formatted(payloadType + 1));
    line("a=fmtp:%d apt=%d".formatted(payloadType + 1, payloadType));
  }

  private void refusal(Media media) {
    line(
        "m=%s 0 %s %s"
            .formatted(media.kind(), media.protocol(), String.join(" ", media.formats())));
    line("c=IN IP4 0.0.0.0");
    String mid = media.first("mid");
    if (mid != null) {
      line("a=mid:%s".formatted(mid));
    }
    line("a=inactive");
  }

  private void extensions(HeaderExtensions extensions) {
    extension(extensions.mid(), Negotiation.MID);
    extension(extensions.absSendTime(), Negotiation.ABS_SEND_TIME);
    extension(extensions.transportSequence(), Negotiation.TRANSPORT_SEQUENCE);
  }

  private void extension(int id, String uri) {
    if (id > 0) {
      line("a=extmap:%d %s".formatted(id, uri));
    }
  }

  private static String unsigned(int ssrc) {
    return Integer.toUnsignedString(ssrc);
  }

  private void line(String line) {
    text.append(line).append("\r\n");
  }
}
