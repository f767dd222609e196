package io.lipstream.streaming.rtp;

import io.lipstream.streaming.live.EncodedPicture;
import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.ViewerEvents;
import io.lipstream.streaming.live.ViewerStatistics;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * One viewer's media as packets: sends pictures and sound, hears the microphone, repairs losses.
 *
 * <p>Any thread may call any method, but {@link #tick} one thread at a time. One lock guards
 * everything that is sent, and packets go to the sink under it; the microphone has a lock of its
 * own, under which it is decoded. All events are called by the thread in {@link #tick}, and under
 * neither lock, so that their listener may call back. {@code connected} and {@code closed} are the
 * transport's to call, not this class's.
 *
 * <p>Pictures that lose packets are repaired by sending those again, at most ten times within 1.5
 * s, and else by a keyframe, asked for at most twice a second. Over a link with a round trip of 80
 * ms that loses a fifth of all packets both ways, a picture stands still for at most 1.5 s.
 *
 * <p>Sending allocates nothing after the first packets.
 */
public final class RtpSession implements AutoCloseable {

  /** No packet that is made is longer, header included and encryption's trailer not. */
  public static final int MAX_PACKET_BYTES = 1_200;

  private static final long REPORT_NANOS = 1_000_000_000;

  /** The first reports come faster: a browser needs two before it can line up lips and voice. */
  private static final long FIRST_REPORT_NANOS = 250_000_000;

  private static final int FIRST_REPORTS = 4;
  private static final long FEEDBACK_NANOS = 100_000_000;
  private static final long MAX_ROUND_TRIP_NANOS = 10_000_000_000L;

  private final RtpSettings settings;
  private final PacketSink out;
  private final LongSupplier clock;
  private final ViewerEvents events;
  private final Microphone microphone;
  private final float[] heard = new float[SoundDecoder.MAX_SAMPLES];

  private final ReentrantLock lock = new ReentrantLock();
  private final MediaClock mediaClock;
  private final BandwidthEstimate estimate;
  private final BitrateReport bitrate;
  private final Pacer pacer;
  private final PacketSender sender;
  private final PictureSender pictures;
  private final SoundSender sounds;
  private final RtpHeader header = new RtpHeader();
  private final Reception microphoneReception = new Reception(MediaClock.SOUND_HZ);
  private final Arrivals arrivals = new Arrivals();
  private final RtcpWriter rtcp = new RtcpWriter();
  private final RtcpReader.Listener reports = new Reports();

  private boolean closed;
  private long reportsSent;
  private long reportedNanos;
  private long feedbackNanos;
  private double lostShare;
  private long roundTripNanos;
  private long nowNanos;

  /**
   * A session that sends nothing until it is given pictures or sound.
   *
   * @param clock nanoseconds, the clock of every {@code ptsNanos} and of {@link #tick}
   * @param decoders makes the microphone's decoder when its first packet is decoded
   */
  public RtpSession(
      RtpSettings settings,
      PacketSink out,
      LongSupplier clock,
      ViewerEvents events,
      Supplier<? extends SoundDecoder> decoders) {
    this(settings, out, clock, events, decoders, Start.random());
  }

  RtpSession(
      RtpSettings settings,
      PacketSink out,
      LongSupplier clock,
      ViewerEvents events,
      Supplier<? extends SoundDecoder> decoders,
      Start start) {
    this.settings = settings;
    this.out = out;
    this.clock = clock;
    this.events = events;
    microphone = new Microphone(decoders);
    long now = clock.getAsLong();
    mediaClock = new MediaClock(now, start.wallNanos(), start.timestamp());
    estimate = new BandwidthEstimate(settings.bitrate());
    bitrate = new BitrateReport(settings.bitrate(), now);
    pacer = new Pacer(now, estimate.bitsPerSecond());
    sender = new PacketSender(out, mediaClock, pacer, estimate, start.transportSequence());
    pictures = new PictureSender(settings, sender, mediaClock, start);
    sounds = new SoundSender(settings, sender, mediaClock, start);
  }

  /** Sends a picture, or drops it when the connection is behind or waits for a keyframe. */
  public void video(EncodedPicture picture) {
    long now = clock.getAsLong();
    lock.lock();
    try {
      if (!closed && settings.picture().present()) {
        pacer.fill(now);
        pictures.add(picture, now);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Sends sound, at once. */
  public void audio(EncodedSound sound) {
    long now = clock.getAsLong();
    lock.lock();
    try {
      if (!closed && settings.sound().present()) {
        bitrate.sound(sounds.send(sound, now));
      }
    } finally {
      lock.unlock();
    }
  }

  /** A decrypted RTP packet that came in; what cannot be understood is ignored. */
  public void rtp(byte[] packet, int length) {
    long now = clock.getAsLong();
    long sequence;
    lock.lock();
    try {
      if (closed
          || !header.read(packet, length)
          || header.payloadType != settings.microphonePayloadType()) {
        return;
      }
      int id = settings.sound().extensions().transportSequence();
      int at = header.extension(packet, id, 2);
      if (at >= 0) {
        arrivals.packet(BigEndian.u16(packet, at), now);
      }
      sequence = microphoneReception.packet(header, now);
    } finally {
      lock.unlock();
    }
    microphone.push(packet, length, sequence, now);
  }

  /** A decrypted compound RTCP packet that came in; what cannot be understood is ignored. */
  public void rtcp(byte[] packet, int length) {
    long now = clock.getAsLong();
    lock.lock();
    try {
      if (!closed) {
        nowNanos = now;
        RtcpReader.read(packet, length, reports);
        pacer.bitrate(estimate.bitsPerSecond(), estimate.strained(now));
        pacer.fill(now);
        pictures.flush(now);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Sends what is due and calls the events: about every 5 ms, by one thread at a time. */
  public void tick(long now) {
    boolean keyFrame;
    int bps;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      estimate.tick(now);
      bitrate.repair(pictures.takeResentBytes());
      pacer.bitrate(estimate.bitsPerSecond(), estimate.strained(now));
      pacer.fill(now);
      pictures.flush(now);
      report(now);
      keyFrame = settings.picture().present() && pictures.takeKeyFrameWanted(now);
      bps = settings.picture().present() ? bitrate.take(estimate.bitsPerSecond(), now) : 0;
    } finally {
      lock.unlock();
    }
    if (keyFrame) {
      events.keyFrameWanted();
    }
    if (bps > 0) {
      events.bitrate(bps);
    }
    int samples = microphone.poll(now, heard);
    while (samples > 0) {
      events.microphone(heard, samples);
      samples = microphone.poll(now, heard);
    }
  }

  private void report(long now) {
    long interval = reportsSent < FIRST_REPORTS ? FIRST_REPORT_NANOS : REPORT_NANOS;
    boolean something = sounds.soundsSent() + pictures.packetsSent() > 0;
    if (something && (reportsSent == 0 || now - reportedNanos >= interval)) {
      reportsSent++;
      reportedNanos = now;
      if (pictures.packetsSent() > 0) {
        pictures.report(rtcp, settings.cname(), now);
        rtcp.sendTo(out);
      }
      if (sounds.soundsSent() > 0) {
        sounds.report(rtcp, microphoneReception, settings.cname(), now);
        rtcp.sendTo(out);
      }
    }
    if (arrivals.hasNews() && now - feedbackNanos >= FEEDBACK_NANOS) {
      feedbackNanos = now;
      int ssrc = settings.sound().ssrc();
      rtcp.receiverReport(ssrc)
          .transportFeedback(ssrc, microphoneReception.ssrc(), arrivals)
          .sendTo(out);
    }
  }

  /**
   * Whether packets wait for their turn, so that {@link #tick} should come within 5 ms; without, a
   * tick every 20 ms and after each packet that came in is enough.
   */
  public boolean waiting() {
    lock.lock();
    try {
      return !closed && pictures.waiting();
    } finally {
      lock.unlock();
    }
  }

  public ViewerStatistics statistics() {
    lock.lock();
    try {
      return new ViewerStatistics(
          pictures.picturesSent(),
          pictures.picturesDropped(),
          sounds.soundsSent(),
          sender.packetsSent(),
          sender.bytesSent(),
          pictures.packetsResent(),
          lostShare,
          roundTripNanos,
          bitrate.pictureBps(estimate.bitsPerSecond()));
    } finally {
      lock.unlock();
    }
  }

  /** Says goodbye (RTCP BYE) and frees the decoder; what comes afterwards is ignored. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      goodbye(settings.picture());
      goodbye(settings.sound());
    } finally {
      lock.unlock();
    }
    microphone.close();
  }

  private void goodbye(RtpSettings.Track track) {
    if (track.present()) {
      rtcp.receiverReport(track.ssrc()).goodbye(track.ssrc(), "closed").sendTo(out);
    }
  }

  /** What the viewer reports; called under the lock. */
  private final class Reports implements RtcpReader.Listener {
    @Override
    public void receptionReport(
        int ssrc, int fractionLost, int cumulativeLost, int jitter, int lastReport, int delay) {
      boolean ofPictures = settings.picture().present() && ssrc == settings.picture().ssrc();
      if (!ofPictures && ssrc != settings.sound().ssrc()) {
        return;
      }
      if (ofPictures || !settings.picture().present()) {
        lostShare = fractionLost / 256.0;
        estimate.lossReport(lostShare, nowNanos);
      }
      if (lastReport != 0) {
        int now = (int) (mediaClock.ntp(nowNanos) >>> 16);
        long measured = (now - lastReport - delay) * 1_000_000_000L / 65_536;
        if (measured >= 0 && measured < MAX_ROUND_TRIP_NANOS) {
          roundTripNanos = roundTripNanos == 0 ? measured : (7 * roundTripNanos + measured) / 8;
        }
      }
    }

    @Override
    public void senderReport(int ssrc, long ntp, int rtpTimestamp) {
      if (microphoneReception.known() && ssrc == microphoneReception.ssrc()) {
        microphoneReception.senderReport(ntp, rtpTimestamp, nowNanos);
      }
    }

    @Override
    public void nack(int mediaSsrc, int sequence) {
      if (settings.picture().present() && mediaSsrc == settings.picture().ssrc()) {
        pictures.nack(sequence, nowNanos, roundTripNanos);
      }
    }

    @Override
    public void keyFrameWanted(int mediaSsrc) {
      if (settings.picture().present() && mediaSsrc == settings.picture().ssrc()) {
        pictures.pictureLost(nowNanos, roundTripNanos);
      }
    }

    @Override
    public void transportFeedback(byte[] packet, int offset, int end) {
      estimate.feedback(packet, offset, end, nowNanos, roundTripNanos);
    }
  }
}
