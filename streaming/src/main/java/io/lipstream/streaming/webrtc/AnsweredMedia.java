package io.lipstream.streaming.webrtc;

import static io.lipstream.streaming.webrtc.SessionDescription.bad;

import io.lipstream.media.LipstreamException;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.rtp.RtpSettings;
import io.lipstream.streaming.rtp.RtpSettings.HeaderExtensions;
import io.lipstream.streaming.rtp.RtpSettings.Track;
import io.lipstream.streaming.webrtc.SessionDescription.Media;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What an answer to our own offer says of the media that will come. */
final class AnsweredMedia {
  private static final String HINT = "hand over the answer of a WebRTC peer, unchanged";

  private AnsweredMedia() {}

  /** The settings that the other side sends with. */
  static RtpSettings of(SessionDescription answer) {
    Media video = accepted(answer, "video");
    if (video == null) {
      throw bad("the answer accepts no video", HINT);
    }
    String payloadType = video.formats().getFirst();
    LiveVideoCodec codec = Negotiation.codec(video, payloadType);
    if (codec == null) {
      throw bad("the answer's video is neither VP8 nor H.264", HINT);
    }
    Track picture = track(video, payloadType);
    int rtx = Negotiation.rtx(video, payloadType);
    List<Integer> repaired = repaired(video);
    if (rtx >= 0 && repaired.size() == 2) {
      picture = picture.withRtx(repaired.get(1), rtx);
    }
    Media audio = accepted(answer, "audio");
    Track sound =
        audio == null || audio.has("recvonly")
            ? Track.ABSENT
            : track(audio, audio.formats().getFirst());
    return RtpSettings.of(codec, picture, sound, -1, "watching");
  }

  private static @Nullable Media accepted(SessionDescription answer, String kind) {
    return answer.media().stream()
        .filter(media -> media.kind().equals(kind) && media.port() != 0)
        .findFirst()
        .orElse(null);
  }

  private static Track track(Media media, String payloadType) {
    String source = media.first("ssrc");
    if (source == null || !Negotiation.isPayloadType(payloadType)) {
      throw bad("the answer does not say which " + media.kind() + " will come", HINT);
    }
    String mid = Objects.requireNonNullElse(media.first("mid"), "");
    HeaderExtensions extensions = Negotiation.extensions(media);
    return Track.of(ssrc(source.split(" ", -1)[0]), Integer.parseInt(payloadType), mid, extensions);
  }

  /** The sources of pictures and of their repairs. */
  private static List<Integer> repaired(Media video) {
    for (String group : video.all("ssrc-group")) {
      String[] words = group.split(" ", -1);
      if (words.length == 3 && words[0].equals("FID")) {
        return List.of(ssrc(words[1]), ssrc(words[2]));
      }
    }
    return List.of();
  }

  private static int ssrc(String word) {
    try {
      return Integer.parseUnsignedInt(word);
    } catch (NumberFormatException e) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "the answer has the SSRC '" + SessionDescription.shown(word) + "'",
          HINT,
          e);
    }
  }
}
