package io.lipstream.streaming.rtp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.streaming.live.EncodedPicture;
import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.LiveVideoCodec;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SenderReportTest {
  private static final long HOURS = 14;
  private static final long FRAME = 40_000_000;

  private long now = -3_600_000_000_000L; // a clock may begin anywhere
  private long reports;
  private long media;
  private final RtpHeader header = new RtpHeader();
  private final Reception pictures = new Reception(MediaClock.VIDEO_HZ);
  private final Reception sounds = new Reception(MediaClock.SOUND_HZ);
  private long ptsToWall = Long.MIN_VALUE;
  private long worstNanos;

  /** 14 hours: the pictures' timestamps wrap after 13.3, sequence numbers many times. */
  @Test
  void lipsAndVoiceStayTogetherOverHours() {
    Watching unused = new Watching(1, LiveVideoCodec.VP8);
    PacketSink sink =
        new PacketSink() {
          @Override
          public void rtp(byte[] packet, int length) {
            media(packet, length);
          }

          @Override
          public void rtcp(byte[] packet, int length) {
            RtcpReader.read(
                packet,
                length,
                new RtcpReader.Listener() {
                  @Override
                  public void senderReport(int ssrc, long ntp, int rtpTimestamp) {
                    reports++;
                    (ssrc == 0x1111 ? pictures : sounds).senderReport(ntp, rtpTimestamp, now);
                  }
                });
          }
        };
    RtpSession session =
        new RtpSession(
            Watching.settings(LiveVideoCodec.VP8),
            sink,
            () -> now,
            unused,
            Watching.NoDecoder::new,
            Watching.start(3));
    EncodedPicture picture = new EncodedPicture();
    EncodedSound sound = new EncodedSound();
    picture.begin(100, true, now);
    TestPictures.fill(LiveVideoCodec.VP8, picture.data(), 100, true, 1, new Random(1));
    long end = now + HOURS * 3_600_000_000_000L;
    while (now < end) {
      picture.begin(100, true, now);
      session.video(picture);
      sound.begin(20, now);
      session.audio(sound);
      session.tick(now);
      now += FRAME / 2;
      sound.begin(20, now);
      session.audio(sound);
      now += FRAME / 2;
    }

    assertThat(reports).isGreaterThan(2 * HOURS * 3_600 - 2);
    assertThat(media).isGreaterThan(3 * HOURS * 90_000 - 6);
    // One tick of the pictures' clock is 11 us, one of the sound's 21 us.
    assertThat(worstNanos).isLessThan(25_000);
  }

  /** By the reports alone, when was this to be seen or heard, and is that its real moment? */
  private void media(byte[] packet, int length) {
    header.read(packet, length);
    Reception reception = header.ssrc == 0x1111 ? pictures : sounds;
    media++;
    long wall = reception.presentationNanos(header.timestamp);
    if (wall == Long.MIN_VALUE) {
      return;
    }
    if (ptsToWall == Long.MIN_VALUE) {
      ptsToWall = wall - now;
    }
    worstNanos = Math.max(worstNanos, Math.abs(wall - now - ptsToWall));
  }
}
