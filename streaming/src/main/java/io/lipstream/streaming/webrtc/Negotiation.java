package io.lipstream.streaming.webrtc;

import static io.lipstream.streaming.webrtc.SessionDescription.bad;
import static io.lipstream.streaming.webrtc.SessionDescription.shown;

import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.rtp.RtpSettings.HeaderExtensions;
import io.lipstream.streaming.webrtc.SessionDescription.Media;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What an offer wants and we can give (RFC 8829, RFC 3264).
 *
 * @param sections of the offer, in order; those that are neither picture nor sound are refused
 * @param picture the section that our video goes to
 * @param sound the section of our audio and of the microphone, or null
 * @param fragment the browser's ICE name
 * @param fingerprints of the browser's certificate
 * @param weBegin whether DTLS is ours to begin, because the browser only waits
 */
record Negotiation(
    List<Media> sections,
    Section picture,
    @Nullable Section sound,
    String fragment,
    List<Fingerprint> fingerprints,
    boolean weBegin) {

  static final String TRANSPORT_SEQUENCE =
      "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
  static final String ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
  static final String MID = "urn:ietf:params:rtp-hdrext:sdes:mid";

  static final String ICE_NAME = "[A-Za-z0-9+/]{4,256}";

  private static final String ASK_FOR_VIDEO =
      "add pc.addTransceiver('video', {direction: 'recvonly'}) before the offer is made";

  /**
   * One section that we answer with media.
   *
   * @param codec of video; null for sound, which is Opus
   * @param format its fmtp parameters, as offered; may be empty
   * @param rtxPayloadType -1 without RTX
   * @param feedback what may be asked of us about the payload type, of that which we honour
   * @param sends whether we send
   * @param receives whether we receive
   */
  record Section(
      Media media,
      String mid,
      @Nullable LiveVideoCodec codec,
      int payloadType,
      String format,
      int rtxPayloadType,
      List<String> feedback,
      HeaderExtensions extensions,
      boolean sends,
      boolean receives) {}

  /** The section whose transport carries all. */
  String firstMid() {
    Section sounds = sound;
    boolean soundFirst =
        sounds != null && sections.indexOf(sounds.media()) < sections.indexOf(picture.media());
    return soundFirst && sounds != null ? sounds.mid() : picture.mid();
  }

  /**
   * Chooses from an offer.
   *
   * @param preferred the codec to take where the browser has it, or null for the one the browser
   *     likes best
   * @throws io.lipstream.media.LipstreamException of kind INPUT if nothing can be sent to it
   */
  static Negotiation of(SessionDescription offer, @Nullable LiveVideoCodec preferred) {
    Section picture = null;
    Section sound = null;
    for (Media media : offer.media()) {
      if (picture == null && media.kind().equals("video")) {
        picture = picture(media, preferred);
      } else if (sound == null && media.kind().equals("audio")) {
        sound = sound(media);
      }
    }
    if (picture == null) {
      throw bad("the offer has no section that wants VP8 or H.264 video", ASK_FOR_VIDEO);
    }
    checkTransport(offer, picture);
    if (sound != null) {
      checkTransport(offer, sound);
    }
    String fragment = offer.first(picture.media(), "ice-ufrag");
    if (fragment == null || !fragment.matches(ICE_NAME)) {
      throw bad("the offer has no usable a=ice-ufrag", "offer a WebRTC connection with ICE");
    }
    return new Negotiation(
        offer.media(),
        picture,
        sound,
        fragment,
        fingerprints(offer, picture.media()),
        weBegin(offer, picture.media()));
  }

  private static @Nullable Section picture(Media media, @Nullable LiveVideoCodec preferred) {
    Direction direction = Direction.of(media);
    if (refused(media) || !direction.otherReceives) {
      return null;
    }
    String chosen = null;
    LiveVideoCodec codec = null;
    for (String payloadType : media.formats()) {
      LiveVideoCodec candidate = codec(media, payloadType);
      if (candidate != null && (codec == null || (candidate == preferred && codec != preferred))) {
        chosen = payloadType;
        codec = candidate;
      }
    }
    if (chosen == null) {
      return null;
    }
    int rtx = rtx(media, chosen);
    List<String> wanted = new ArrayList<>();
    if (rtx >= 0) {
      // Without RTX a repeat would use a packet number twice, which AES-GCM must not.
      wanted.add("nack");
    }
    wanted.addAll(List.of("nack pli", "ccm fir", "transport-cc"));
    return new Section(
        media,
        mid(media),
        codec,
        Integer.parseInt(chosen),
        Objects.requireNonNullElse(media.ofPayload("fmtp", chosen), ""),
        rtx,
        feedback(media, chosen, wanted),
        extensions(media),
        true,
        false);
  }

  /** The codec of a payload type, if we can send it. */
  static @Nullable LiveVideoCodec codec(Media media, String payloadType) {
    if (!isPayloadType(payloadType)) {
      return null;
    }
    String name = media.ofPayload("rtpmap", payloadType);
    if (name == null) {
      return null;
    }
    return switch (name.toUpperCase(Locale.ROOT)) {
      case "VP8/90000" -> LiveVideoCodec.VP8;
      case "H264/90000" ->
          isConstrainedBaseline(
                  Objects.requireNonNullElse(media.ofPayload("fmtp", payloadType), ""))
              ? LiveVideoCodec.H264
              : null;
      default -> null;
    };
  }

  /** RFC 6184, table 5: baseline with constraint set 1, or main with constraint set 0. */
  private static boolean isConstrainedBaseline(String format) {
    String profile = Objects.requireNonNullElse(parameter(format, "profile-level-id"), "");
    if (!"1".equals(parameter(format, "packetization-mode"))
        || !profile.matches("[0-9A-Fa-f]{6}")) {
      return false;
    }
    int number = Integer.parseInt(profile.substring(0, 2), 16);
    int constraints = Integer.parseInt(profile.substring(2, 4), 16);
    return (number == 0x42 && (constraints & 0x40) != 0)
        || (number == 0x4D && (constraints & 0x80) != 0);
  }

  private static @Nullable Section sound(Media media) {
    Direction direction = Direction.of(media);
    if (refused(media) || !(direction.otherReceives || direction.otherSends)) {
      return null;
    }
    for (String payloadType : media.formats()) {
      String name = media.ofPayload("rtpmap", payloadType);
      if (isPayloadType(payloadType) && name != null && name.equalsIgnoreCase("opus/48000/2")) {
        return new Section(
            media,
            mid(media),
            null,
            Integer.parseInt(payloadType),
            "",
            -1,
            feedback(media, payloadType, List.of("transport-cc")),
            extensions(media),
            direction.otherReceives,
            direction.otherSends);
      }
    }
    return null;
  }

  /** A section of port 0 is not wanted, unless another section's port is meant (RFC 9143). */
  private static boolean refused(Media media) {
    return media.port() == 0 && !media.has("bundle-only");
  }

  private static String mid(Media media) {
    String mid = media.first("mid");
    if (mid == null || !mid.matches("[!-~]{1,64}")) {
      throw bad(
          "the offer's " + media.kind() + " section has no usable a=mid",
          "use a browser of the last years: they all send a=mid and bundle their media");
    }
    return mid;
  }

  static int rtx(Media media, String payloadType) {
    for (String candidate : media.formats()) {
      String name = media.ofPayload("rtpmap", candidate);
      String format = media.ofPayload("fmtp", candidate);
      if (name != null
          && format != null
          && isPayloadType(candidate)
          && name.equalsIgnoreCase("rtx/90000")
          && payloadType.equals(parameter(format, "apt"))) {
        return Integer.parseInt(candidate);
      }
    }
    return -1;
  }

  private static List<String> feedback(Media media, String payloadType, List<String> wanted) {
    List<String> common = new ArrayList<>();
    for (String offered : media.all("rtcp-fb")) {
      for (String one : wanted) {
        boolean same = offered.equals(payloadType + " " + one) || offered.equals("* " + one);
        if (same && !common.contains(one)) {
          common.add(one);
        }
      }
    }
    return common;
  }

  /** Extensions under ids that one byte can carry. */
  static HeaderExtensions extensions(Media media) {
    int transportSequence = 0;
    int absSendTime = 0;
    int mid = 0;
    for (String value : media.all("extmap")) {
      String[] words = value.split("\\s+", -1);
      if (words.length < 2 || !words[0].matches("[0-9]{1,2}(/.*)?")) {
        continue;
      }
      int id = Integer.parseInt(words[0].split("/", -1)[0]);
      if (id < 1 || id > 14) {
        continue;
      }
      switch (words[1]) {
        case TRANSPORT_SEQUENCE -> transportSequence = id;
        case ABS_SEND_TIME -> absSendTime = id;
        case MID -> mid = id;
        default -> {
          // not ours
        }
      }
    }
    boolean fits = Objects.requireNonNullElse(media.first("mid"), "").length() <= 16;
    return new HeaderExtensions(transportSequence, absSendTime, fits ? mid : 0);
  }

  private static void checkTransport(SessionDescription offer, Section section) {
    Media media = section.media();
    if (!media.protocol().contains("RTP/SAVPF")) {
      throw bad(
          "the offer's " + media.kind() + " section uses " + shown(media.protocol()),
          "offer UDP/TLS/RTP/SAVPF, as WebRTC does");
    }
    if (!offer.bundle().contains(section.mid())) {
      throw bad(
          "the offer does not bundle its " + media.kind() + " section",
          "make the connection with bundlePolicy 'max-bundle': one port serves all media");
    }
    if (!media.has("rtcp-mux")) {
      throw bad(
          "the offer's " + media.kind() + " section has no a=rtcp-mux",
          "make the connection with rtcpMuxPolicy 'require': RTP and RTCP share one port");
    }
  }

  private static List<Fingerprint> fingerprints(SessionDescription offer, Media media) {
    List<Fingerprint> known =
        offer.all(media, "fingerprint").stream()
            .map(Fingerprint::parse)
            .filter(Objects::nonNull)
            .toList();
    if (known.isEmpty()) {
      throw bad(
          "the offer has no a=fingerprint with sha-256, sha-384 or sha-512",
          "offer a WebRTC connection secured by DTLS");
    }
    return known;
  }

  private static boolean weBegin(SessionDescription offer, Media media) {
    String setup = Objects.requireNonNullElse(offer.first(media, "setup"), "");
    return switch (setup) {
      case "actpass", "active" -> false;
      case "passive" -> true;
      default ->
          throw bad(
              "the offer has a=setup:" + shown(setup), "offer a=setup:actpass, as browsers do");
    };
  }

  static boolean isPayloadType(String word) {
    return word.matches("[0-9]{1,3}") && Integer.parseInt(word) <= 127;
  }

  /** One of the {@code name=value} pairs of a format, or null. */
  static @Nullable String parameter(String format, String name) {
    for (String pair : format.split(";", -1)) {
      String trimmed = pair.trim();
      int equals = trimmed.indexOf('=');
      if (equals > 0 && trimmed.substring(0, equals).equalsIgnoreCase(name)) {
        return trimmed.substring(equals + 1);
      }
    }
    return null;
  }

  private enum Direction {
    SENDRECV(true, true),
    SENDONLY(true, false),
    RECVONLY(false, true),
    INACTIVE(false, false);

    final boolean otherSends;
    final boolean otherReceives;

    Direction(boolean otherSends, boolean otherReceives) {
      this.otherSends = otherSends;
      this.otherReceives = otherReceives;
    }

    static Direction of(Media media) {
      for (Direction direction : values()) {
        if (media.has(direction.name().toLowerCase(Locale.ROOT))) {
          return direction;
        }
      }
      return SENDRECV;
    }
  }
}
