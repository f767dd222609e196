package io.lipstream.streaming.rtp;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * A viewer's side, as a browser plays it: for tests and for measuring under load.
 *
 * <p>Asks for missing packets, takes repairs, reports reception and arrival times, and asks for a
 * keyframe when it cannot go on. Any thread may call any method; one lock guards it all.
 */
public final class RtpReceiver {
  private static final long REPORT_NANOS = 1_000_000_000;
  private static final long FEEDBACK_NANOS = 50_000_000;
  private static final long KEY_FRAME_NANOS = 200_000_000;

  private final RtpSettings settings;
  private final PacketSink out;
  private final LongSupplier clock;
  private final ReceivedMedia media;
  private final int ownSsrc = ThreadLocalRandom.current().nextInt();

  private final ReentrantLock lock = new ReentrantLock();
  private final RtpHeader header = new RtpHeader();
  private final Reception pictureReception = new Reception(MediaClock.VIDEO_HZ);
  private final Reception soundReception = new Reception(MediaClock.SOUND_HZ);
  private final Arrivals arrivals = new Arrivals();
  private final MissingPackets missing = new MissingPackets();
  private final PictureAssembler assembler;
  private final RtcpWriter rtcp = new RtcpWriter();
  private final RtcpReader.Listener reports = new Reports();

  private long highest = -1;
  private long nowNanos;
  private long reportedNanos = Long.MIN_VALUE;
  private long feedbackNanos = Long.MIN_VALUE;
  private long keyFrameAskedNanos = Long.MIN_VALUE;
  private boolean ended;
  private long pictures;
  private long keyFrames;
  private long sounds;
  private long askedFor;
  private long repaired;
  private long keyFramesAskedFor;

  /**
   * @param settings the sender's
   * @param out takes the reports, all of them RTCP
   */
  public RtpReceiver(
      RtpSettings settings, PacketSink out, LongSupplier clock, ReceivedMedia media) {
    this.settings = settings;
    this.out = out;
    this.clock = clock;
    this.media = media;
    assembler = new PictureAssembler(settings.codec());
  }

  /** A decrypted RTP packet that came in; what cannot be understood is ignored. */
  public void rtp(byte[] packet, int length) {
    long now = clock.getAsLong();
    lock.lock();
    try {
      if (header.read(packet, length)) {
        arrived(packet, now);
      }
    } finally {
      lock.unlock();
    }
  }

  private void arrived(byte[] packet, long now) {
    RtpSettings.Track picture = settings.picture();
    RtpSettings.Track sound = settings.sound();
    if (picture.present() && header.ssrc == picture.ssrc()) {
      note(packet, picture, now);
      long sequence = pictureReception.packet(header, now);
      picturePacket(packet, sequence, header.payloadOffset, header.payloadLength, now);
    } else if (picture.rtxPayloadType() >= 0 && header.ssrc == picture.rtxSsrc()) {
      note(packet, picture, now);
      if (header.payloadLength > 2 && highest >= 0) {
        int original = BigEndian.u16(packet, header.payloadOffset);
        long sequence = BigEndian.unwrap16(highest, original);
        picturePacket(packet, sequence, header.payloadOffset + 2, header.payloadLength - 2, now);
      }
    } else if (sound.present() && header.ssrc == sound.ssrc()) {
      note(packet, sound, now);
      soundReception.packet(header, now);
      sounds++;
      media.sound(
          packet,
          header.payloadOffset,
          header.payloadLength,
          soundReception.presentationNanos(header.timestamp));
    }
  }

  private void note(byte[] packet, RtpSettings.Track track, long now) {
    int at = header.extension(packet, track.extensions().transportSequence(), 2);
    if (at >= 0) {
      arrivals.packet(BigEndian.u16(packet, at), now);
    }
  }

  private void picturePacket(byte[] packet, long sequence, int offset, int bytes, long now) {
    if (highest >= 0 && Math.abs(sequence - highest) >= PictureAssembler.SLOTS) {
      missing.forgetBefore(Long.MAX_VALUE);
      assembler.restart();
      highest = -1;
    }
    if (missing.remove(sequence, now)) {
      repaired++;
    }
    if (highest >= 0 && sequence > highest + 1 && !missing.add(highest + 1, sequence, now)) {
      missing.forgetBefore(Long.MAX_VALUE);
      assembler.giveUp();
    }
    if (highest < 0) {
      keyFrameAskedNanos = now; // one is on its way, or this would be no beginning
    }
    highest = Math.max(highest, sequence);
    if (!assembler.packet(sequence, header.marker, header.timestamp, packet, offset, bytes)) {
      return;
    }
    while (assembler.nextPicture()) {
      PictureDepacketiser whole = assembler.picture();
      pictures++;
      keyFrames += whole.keyFrame() ? 1 : 0;
      missing.forgetBefore(assembler.next());
      media.picture(
          whole.data(),
          whole.length(),
          whole.keyFrame(),
          pictureReception.presentationNanos(assembler.timestamp()));
    }
  }

  /** A decrypted compound RTCP packet that came in; what cannot be understood is ignored. */
  public void rtcp(byte[] packet, int length) {
    long now = clock.getAsLong();
    lock.lock();
    try {
      nowNanos = now;
      RtcpReader.read(packet, length, reports);
    } finally {
      lock.unlock();
    }
  }

  /** Sends the reports and requests that are due: to be called about every 5 ms. */
  public void tick(long now) {
    lock.lock();
    try {
      if (missing.hopeless(now)) {
        missing.forgetBefore(Long.MAX_VALUE);
        assembler.giveUp();
      }
      int due = missing.ask(now);
      if (due > 0) {
        askedFor += due;
        begin().nack(ownSsrc, settings.picture().ssrc(), missing.due(), due).sendTo(out);
      }
      if (assembler.needsKeyFrame()
          && highest >= 0
          && passed(keyFrameAskedNanos, KEY_FRAME_NANOS, now)) {
        keyFrameAskedNanos = now;
        keyFramesAskedFor++;
        begin().pictureLoss(ownSsrc, settings.picture().ssrc()).sendTo(out);
      }
      if (arrivals.hasNews() && passed(feedbackNanos, FEEDBACK_NANOS, now)) {
        feedbackNanos = now;
        begin().transportFeedback(ownSsrc, settings.picture().ssrc(), arrivals).sendTo(out);
      }
      if (passed(reportedNanos, REPORT_NANOS, now)) {
        reportedNanos = now;
        report(now);
      }
    } finally {
      lock.unlock();
    }
  }

  private static boolean passed(long sinceNanos, long interval, long now) {
    return sinceNanos == Long.MIN_VALUE || now - sinceNanos >= interval;
  }

  private RtcpWriter begin() {
    return rtcp.clear().receiverReport(ownSsrc);
  }

  private void report(long now) {
    begin();
    if (pictureReception.known()) {
      rtcp.reportOn(pictureReception, now);
    }
    if (soundReception.known()) {
      rtcp.reportOn(soundReception, now);
    }
    rtcp.description(ownSsrc, settings.cname()).sendTo(out);
  }

  public ReceiverStatistics statistics() {
    lock.lock();
    try {
      return new ReceiverStatistics(
          pictures,
          keyFrames,
          sounds,
          pictureReception.received(),
          pictureReception.lost(),
          soundReception.lost(),
          askedFor,
          repaired,
          keyFramesAskedFor);
    } finally {
      lock.unlock();
    }
  }

  private final class Reports implements RtcpReader.Listener {
    @Override
    public void senderReport(int ssrc, long ntp, int rtpTimestamp) {
      if (ssrc == settings.picture().ssrc()) {
        pictureReception.senderReport(ntp, rtpTimestamp, nowNanos);
      } else if (ssrc == settings.sound().ssrc()) {
        soundReception.senderReport(ntp, rtpTimestamp, nowNanos);
      }
    }

    @Override
    public void goodbye(int ssrc) {
      if (ssrc == settings.picture().ssrc() || ssrc == settings.sound().ssrc()) {
        if (!ended) {
          ended = true;
          media.ended();
        }
      }
    }
  }
}
