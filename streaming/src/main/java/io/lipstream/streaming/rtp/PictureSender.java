package io.lipstream.streaming.rtp;

import io.lipstream.streaming.live.EncodedPicture;

/**
 * Pictures on their way out: cut into packets, queued, sent at the pace of the connection, kept for
 * those who miss one. The session's lock guards it.
 *
 * <p>A queue that would take longer than a second to leave is cut: the picture that is under way
 * goes on, the whole ones behind it are dropped together with all that follow until the next
 * keyframe, which is asked for once the queue is nearly empty, since a keyframe behind a full queue
 * would meet the same fate.
 */
final class PictureSender {
  /** Two and a half seconds of a good picture; more than a keyframe ever takes. */
  private static final int KEPT_BYTES = 1 << 19;

  private static final int KEPT_PACKETS = 1 << 10;
  private static final long MAX_QUEUE_NANOS = 1_000_000_000;
  private static final long DRAINED_NANOS = 100_000_000;
  private static final long KEY_FRAME_FLOOR_NANOS = 500_000_000;
  private static final int RTX_PREFIX_BYTES = 2;

  private final RtpSettings.Track track;
  private final PacketSender sender;
  private final MediaClock clock;
  private final PicturePacketiser packetiser;
  private final TrackHeader header;
  private final TrackHeader rtxHeader;
  private final SentPackets packets;
  private final Resends resends = new Resends();
  private long rtxSequence;

  private boolean awaitsKeyFrame = true;
  private boolean keyFrameWanted;
  private long askedNanos = Long.MIN_VALUE;
  private long keyFrameEnd = Long.MIN_VALUE;
  private long keyFrameSentNanos = Long.MIN_VALUE;

  private long picturesSent;
  private long picturesDropped;
  private long packetsSent;
  private long payloadBytesSent;
  private long packetsResent;
  private int resentBytes;

  PictureSender(RtpSettings settings, PacketSender sender, MediaClock clock, Start start) {
    this.track = settings.picture();
    this.sender = sender;
    this.clock = clock;
    packetiser = PicturePacketiser.of(settings.codec(), start.pictureId());
    header = new TrackHeader(track.ssrc(), track.payloadType(), track.mid(), track.extensions());
    rtxHeader =
        new TrackHeader(track.rtxSsrc(), track.rtxPayloadType(), track.mid(), track.extensions());
    packets = new SentPackets(KEPT_BYTES, KEPT_PACKETS, start.pictureSequence());
    rtxSequence = start.rtxSequence();
  }

  /** Queues a picture or drops it. */
  void add(EncodedPicture picture, long nowNanos) {
    if (sender.nanosFor(packets.queuedBytes()) > MAX_QUEUE_NANOS) {
      drop(packets.firstWholePicture());
    }
    if (awaitsKeyFrame && !picture.keyFrame()) {
      picturesDropped++;
      keyFrameWanted = true;
      return;
    }
    if (!packetise(picture)) {
      picturesDropped++;
      awaitsKeyFrame = true;
      keyFrameWanted = true;
      return;
    }
    if (picture.keyFrame()) {
      awaitsKeyFrame = false;
      keyFrameWanted = false;
      keyFrameEnd = packets.head() - 1;
    }
    flush(nowNanos);
  }

  private void drop(long from) {
    int pictures = packets.dropFrom(from);
    if (pictures > 0) {
      packetiser.dropped(pictures);
      picturesDropped += pictures;
    }
    if (keyFrameEnd >= packets.head()) {
      keyFrameEnd = Long.MIN_VALUE;
    }
    awaitsKeyFrame = true;
    keyFrameWanted = true;
  }

  private boolean packetise(EncodedPicture picture) {
    long first = packets.head();
    int timestamp = clock.videoTimestamp(picture.ptsNanos());
    int maxPayload = RtpSession.MAX_PACKET_BYTES - header.bytes() - RTX_PREFIX_BYTES;
    packetiser.begin(picture.data(), picture.length(), maxPayload);
    while (packetiser.hasNext()) {
      int at = packets.reserve(RtpSession.MAX_PACKET_BYTES);
      if (at < 0) {
        packets.dropFrom(first);
        packetiser.dropped(1);
        return false;
      }
      int payload = packetiser.next(packets.block(), at + header.bytes());
      boolean last = !packetiser.hasNext();
      header.write(packets.block(), at, last, packets.head(), timestamp);
      packets.add(header.bytes() + payload, last);
    }
    return packets.head() > first;
  }

  boolean waiting() {
    return packets.hasQueued() || !resends.isEmpty();
  }

  /** Sends what the pace allows: first what was asked for again. */
  void flush(long nowNanos) {
    while (sender.open() && !resends.isEmpty()) {
      resend(resends.take(), nowNanos);
    }
    while (sender.open() && packets.hasQueued()) {
      sendNext(nowNanos);
    }
  }

  private void sendNext(long nowNanos) {
    long sequence = packets.next();
    int at = packets.offset(sequence);
    int bytes = packets.length(sequence);
    long transport = sender.stamp(header, packets.block(), at, bytes, nowNanos);
    packets.sent(nowNanos, transport);
    packetsSent++;
    payloadBytesSent += bytes - header.bytes();
    if (packets.lastOfPicture(sequence)) {
      picturesSent++;
    }
    if (sequence == keyFrameEnd) {
      keyFrameSentNanos = nowNanos;
    }
    sender.send(packets.block(), at, bytes);
  }

  private void resend(long sequence, long nowNanos) {
    if (!packets.has(sequence)) {
      return;
    }
    packets.resent(sequence, nowNanos);
    packetsResent++;
    resentBytes += packets.length(sequence);
    int at = packets.offset(sequence);
    int bytes = packets.length(sequence);
    if (track.rtxPayloadType() < 0) {
      sender.sendAgain(packets.block(), at, bytes, packets.transportSequence(sequence));
      return;
    }
    byte[] scratch = sender.scratch();
    int timestamp = BigEndian.i32(packets.block(), at + 4);
    rtxHeader.write(scratch, 0, packets.lastOfPicture(sequence), rtxSequence++, timestamp);
    BigEndian.put16(scratch, rtxHeader.bytes(), (int) sequence);
    int payload = bytes - header.bytes();
    System.arraycopy(
        packets.block(),
        at + header.bytes(),
        scratch,
        rtxHeader.bytes() + RTX_PREFIX_BYTES,
        payload);
    int rtxBytes = rtxHeader.bytes() + RTX_PREFIX_BYTES + payload;
    sender.stamp(rtxHeader, scratch, 0, rtxBytes, nowNanos);
    sender.sendScratch(rtxBytes);
  }

  void nack(int sequence, long nowNanos, long roundTripNanos) {
    resends.want(packets, BigEndian.unwrap16(packets.next(), sequence), nowNanos, roundTripNanos);
  }

  /** The viewer cannot go on; unless it spoke before the last keyframe can have reached it. */
  void pictureLost(long nowNanos, long roundTripNanos) {
    boolean underWay =
        keyFrameEnd >= packets.next()
            || (keyFrameSentNanos != Long.MIN_VALUE
                && nowNanos - keyFrameSentNanos < roundTripNanos);
    if (!underWay) {
      keyFrameWanted = true;
    }
  }

  /** Whether a keyframe is to be asked for now; at most twice a second. */
  boolean takeKeyFrameWanted(long nowNanos) {
    if (!keyFrameWanted
        || (askedNanos != Long.MIN_VALUE && nowNanos - askedNanos < KEY_FRAME_FLOOR_NANOS)
        || sender.nanosFor(packets.queuedBytes()) > DRAINED_NANOS) {
      return false;
    }
    keyFrameWanted = awaitsKeyFrame; // asked again should this one not come
    askedNanos = nowNanos;
    return true;
  }

  void report(RtcpWriter rtcp, String cname, long nowNanos) {
    rtcp.senderReport(
            track.ssrc(),
            clock.ntp(nowNanos),
            clock.videoTimestamp(nowNanos),
            packetsSent,
            payloadBytesSent)
        .description(track.ssrc(), cname);
  }

  RtpSettings.Track track() {
    return track;
  }

  long picturesSent() {
    return picturesSent;
  }

  long picturesDropped() {
    return picturesDropped;
  }

  long packetsSent() {
    return packetsSent;
  }

  /** Bytes of repairs since this was last asked. */
  int takeResentBytes() {
    int bytes = resentBytes;
    resentBytes = 0;
    return bytes;
  }

  long packetsResent() {
    return packetsResent;
  }
}
