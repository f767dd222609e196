package io.lipstream.streaming.rtp;

import io.lipstream.streaming.live.LiveVideoCodec;

/**
 * What two peers agreed on about one connection's media.
 *
 * @param codec of the pictures
 * @param picture how pictures travel, or {@link Track#ABSENT}
 * @param sound how sound travels, or {@link Track#ABSENT}
 * @param microphonePayloadType of the Opus packets that come in, -1 for none
 * @param cname the name that marks both tracks as played together (RFC 3550, section 6.5.1)
 * @param bitrate what may be sent
 */
public record RtpSettings(
    LiveVideoCodec codec,
    Track picture,
    Track sound,
    int microphonePayloadType,
    String cname,
    Bitrate bitrate) {

  public RtpSettings {
    if (cname.isEmpty() || cname.length() > 32 || !cname.chars().allMatch(c -> c > 32 && c < 127)) {
      throw new IllegalArgumentException("cname '" + cname + "' must be 1 to 32 ASCII characters");
    }
    if (microphonePayloadType < -1 || microphonePayloadType > 127) {
      throw new IllegalArgumentException("payload type " + microphonePayloadType);
    }
  }

  /** Settings with the usual bitrates. */
  public static RtpSettings of(
      LiveVideoCodec codec, Track picture, Track sound, int microphonePayloadType, String cname) {
    return new RtpSettings(codec, picture, sound, microphonePayloadType, cname, Bitrate.DEFAULT);
  }

  /** The same with other bounds on the bitrate. */
  public RtpSettings withBitrate(Bitrate other) {
    return new RtpSettings(codec, picture, sound, microphonePayloadType, cname, other);
  }

  /**
   * One stream of packets.
   *
   * @param ssrc its 32 bits
   * @param payloadType 0 to 127; -1 when the track is absent
   * @param rtxSsrc of the packets sent again (RFC 4588)
   * @param rtxPayloadType -1 when RTX was not agreed on: lost packets are then sent again as they
   *     were, byte for byte, under their old sequence number
   * @param mid name of the section in the session description, at most 16 characters; may be empty
   * @param extensions ids of the header extensions
   */
  public record Track(
      int ssrc,
      int payloadType,
      int rtxSsrc,
      int rtxPayloadType,
      String mid,
      HeaderExtensions extensions) {
    /** A track that was not agreed on; what is handed over for it is ignored. */
    public static final Track ABSENT = new Track(0, -1, 0, -1, "", HeaderExtensions.NONE);

    public Track {
      if (payloadType < -1 || payloadType > 127 || rtxPayloadType < -1 || rtxPayloadType > 127) {
        throw new IllegalArgumentException("payload types " + payloadType + ", " + rtxPayloadType);
      }
      if (mid.length() > 16 || !mid.chars().allMatch(c -> c > 32 && c < 127)) {
        throw new IllegalArgumentException("mid '" + mid + "' must be at most 16 ASCII characters");
      }
      if (rtxPayloadType >= 0 && rtxSsrc == ssrc) {
        throw new IllegalArgumentException("a track and its RTX share SSRC " + ssrc);
      }
    }

    /** A track without RTX. */
    public static Track of(int ssrc, int payloadType, String mid, HeaderExtensions extensions) {
      return new Track(ssrc, payloadType, 0, -1, mid, extensions);
    }

    /** The same with RTX. */
    public Track withRtx(int newRtxSsrc, int newRtxPayloadType) {
      return new Track(ssrc, payloadType, newRtxSsrc, newRtxPayloadType, mid, extensions);
    }

    public boolean present() {
      return payloadType >= 0;
    }
  }

  /**
   * Ids of the one-byte header extensions (RFC 8285), 1 to 14, or 0 for one not agreed on.
   *
   * @param transportSequence {@code
   *     http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01}
   * @param absSendTime {@code http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time}
   * @param mid {@code urn:ietf:params:rtp-hdrext:sdes:mid}
   */
  public record HeaderExtensions(int transportSequence, int absSendTime, int mid) {
    /** None agreed on. */
    public static final HeaderExtensions NONE = new HeaderExtensions(0, 0, 0);

    public HeaderExtensions {
      if (Math.min(transportSequence, Math.min(absSendTime, mid)) < 0
          || Math.max(transportSequence, Math.max(absSendTime, mid)) > 14) {
        throw new IllegalArgumentException(
            "ids of header extensions are 0 to 14, not "
                + transportSequence
                + ", "
                + absSendTime
                + ", "
                + mid);
      }
    }
  }

  /**
   * Bounds of what is sent, sound and repairs included.
   *
   * @param startBps assumed until the connection was measured
   */
  public record Bitrate(int startBps, int minBps, int maxBps) {
    /** Enough for a face at 720p; the floor still shows one at 512x512. */
    public static final Bitrate DEFAULT = new Bitrate(1_500_000, 150_000, 4_000_000);

    public Bitrate {
      if (minBps < 50_000 || minBps > startBps || startBps > maxBps || maxBps > 50_000_000) {
        throw new IllegalArgumentException(
            "bitrates must be 50000 <= min <= start <= max <= 50000000, not "
                + minBps
                + ", "
                + startBps
                + ", "
                + maxBps);
      }
    }
  }
}
