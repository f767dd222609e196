package io.lipstream.streaming.rtp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.streaming.live.EncodedPicture;
import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.ViewerEvents;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What one session sends, packet by packet. */
class RtpSessionTest implements PacketSink, ViewerEvents {
  private static final long MILLI = 1_000_000;
  private static final Start START = new Start(100, 200, 300, 400, 500, 0, 0);

  private final List<byte[]> rtp = new ArrayList<>();
  private final List<byte[]> rtcp = new ArrayList<>();
  private final EncodedPicture picture = new EncodedPicture();
  private final EncodedSound sound = new EncodedSound();
  private long now = 1_000 * MILLI;
  private int keyFramesWanted;
  private int heardSamples;

  private final RtpSession session =
      new RtpSession(
          Watching.settings(LiveVideoCodec.VP8),
          this,
          () -> now,
          this,
          Watching.NoDecoder::new,
          START);

  @Override
  public void rtp(byte[] packet, int length) {
    assertThat(packet.length - length).isGreaterThanOrEqualTo(SPARE_BYTES);
    rtp.add(Arrays.copyOf(packet, length));
    Arrays.fill(packet, (byte) 0x5a);
  }

  @Override
  public void rtcp(byte[] packet, int length) {
    assertThat(packet.length - length).isGreaterThanOrEqualTo(SPARE_BYTES);
    rtcp.add(Arrays.copyOf(packet, length));
    Arrays.fill(packet, (byte) 0x5a);
  }

  @Override
  public void connected() {}

  @Override
  public void keyFrameWanted() {
    keyFramesWanted++;
    session.statistics(); // may call back
  }

  @Override
  public void bitrate(int bitsPerSecond) {}

  @Override
  public void microphone(float[] mono48k, int count) {
    heardSamples += count;
  }

  @Override
  public void closed(String reason) {}

  private void video(int bytes, boolean key) {
    picture.begin(bytes, key, now);
    TestPictures.fill(LiveVideoCodec.VP8, picture.data(), bytes, key, 1, new Random(1));
    session.video(picture);
  }

  private void audio() {
    sound.begin(50, now);
    session.audio(sound);
  }

  private void run(long millis) {
    for (long i = 0; i < millis; i += 5) {
      now += 5 * MILLI;
      session.tick(now);
    }
  }

  private long pictures() {
    return rtp.stream().filter(packet -> (packet[1] & 0x7f) == 96).count();
  }

  private void nack(int... sequences) {
    long[] asked = new long[sequences.length];
    for (int i = 0; i < asked.length; i++) {
      asked[i] = sequences[i];
    }
    RtcpWriter writer = new RtcpWriter().receiverReport(9).nack(9, 0x1111, asked, asked.length);
    session.rtcp(writer.packet(), writer.length());
  }

  private void pictureLost() {
    RtcpWriter writer = new RtcpWriter().receiverReport(9).pictureLoss(9, 0x1111);
    session.rtcp(writer.packet(), writer.length());
  }

  @Test
  void aKeyFrameIsSpreadAndSoundOvertakesIt() {
    video(120_000, true);
    long atOnce = pictures();
    audio();

    assertThat(atOnce).isBetween(3L, 12L);
    assertThat(rtp.getLast()[1] & 0x7f).isEqualTo(111);
    run(100);
    assertThat(pictures()).isBetween(30L, 60L);
    run(400);
    assertThat(pictures()).isEqualTo(103);
    assertThat(session.statistics().picturesSent()).isEqualTo(1);
  }

  @Test
  void aQueueThatIsTooLongIsCutAtWholePicturesAndAKeyFrameAskedForWhenItIsEmpty() {
    video(120_000, true);
    video(120_000, false);
    video(120_000, false);
    video(120_000, false);
    assertThat(session.statistics().picturesDropped()).isZero();
    video(120_000, false);

    assertThat(session.statistics().picturesDropped()).isEqualTo(4);
    run(100);
    assertThat(keyFramesWanted).describedAs("not behind a full queue").isZero();
    run(400);
    assertThat(keyFramesWanted).isEqualTo(1);
    video(2_000, false);
    assertThat(session.statistics().picturesDropped()).isEqualTo(5);
    video(2_000, true);
    run(20);
    assertThat(session.statistics().picturesSent()).isEqualTo(2);
    List<Integer> sequences = new ArrayList<>();
    List<Integer> pictureIds = new ArrayList<>();
    for (byte[] packet : rtp) {
      RtpHeader header = new RtpHeader();
      header.read(packet, packet.length);
      sequences.add(header.sequence);
      pictureIds.add(BigEndian.u16(packet, header.payloadOffset + 2) & 0x7fff);
    }
    for (int i = 0; i < sequences.size(); i++) {
      assertThat(sequences.get(i)).isEqualTo(100 + i);
    }
    assertThat(pictureIds.stream().distinct()).containsExactly(500, 501);
  }

  @Test
  void picturesWaitForTheFirstKeyFrame() {
    video(500, false);
    run(5);

    assertThat(rtp).isEmpty();
    assertThat(keyFramesWanted).isEqualTo(1);
    run(2_000);
    assertThat(keyFramesWanted).describedAs("asked for until it comes").isBetween(4, 6);
  }

  @Test
  void aPictureLargerThanEverythingKeptIsDropped() {
    video(700_000, true);
    run(5);

    assertThat(rtp).isEmpty();
    assertThat(session.statistics().picturesDropped()).isEqualTo(1);
    assertThat(keyFramesWanted).isEqualTo(1);
    video(1_000, true);
    assertThat(pictures()).isEqualTo(1);
  }

  @Test
  void keyFramesAreAskedForAtMostTwiceASecond() {
    video(500, true);
    for (int i = 0; i < 400; i++) {
      run(5);
      pictureLost();
    }

    assertThat(keyFramesWanted).isBetween(3, 5);
  }

  @Test
  void anotherMediaSourcesLossIsNotOurs() {
    video(500, true);
    RtcpWriter writer = new RtcpWriter().receiverReport(9).pictureLoss(9, 0x3333);
    session.rtcp(writer.packet(), writer.length());
    run(1_000);

    assertThat(keyFramesWanted).isZero();
  }

  @Test
  void aLostPacketIsSentAgainAsRfc4588Says() {
    video(20, true);
    byte[] original = rtp.getFirst();
    run(50);
    nack(100);

    byte[] again = rtp.getLast();
    HexFormat hex = HexFormat.of();
    int header = original.length - 24;
    assertThat(hex.formatHex(again, 0, 12)).isEqualTo("90e1012c" + "00000000" + "00001112");
    assertThat(hex.formatHex(original, 0, 12)).isEqualTo("90e00064" + "00000000" + "00001111");
    assertThat(again).hasSize(original.length + 2);
    assertThat(BigEndian.u16(again, header)).isEqualTo(100);
    assertThat(Arrays.copyOfRange(again, header + 2, again.length))
        .isEqualTo(Arrays.copyOfRange(original, header, original.length));
    assertThat(BigEndian.u16(again, 17)).describedAs("its own transport number").isEqualTo(401);
  }

  @Test
  void noPacketIsSentAgainWithoutEnd() {
    video(20, true);
    for (int i = 0; i < 100; i++) {
      run(10);
      nack(100);
      nack(100);
    }

    assertThat(session.statistics().packetsResent()).isEqualTo(10);
  }

  @Test
  void whatIsTooOldOrNeverWasIsNotSentAgain() {
    video(20, true);
    run(2_000);
    nack(100, 101, 99, 40_000);

    assertThat(session.statistics().packetsResent()).isZero();
  }

  @Test
  void reportsComeQuicklyAtFirstAndThenOnceASecond() {
    for (int i = 0; i < 100; i++) {
      audio();
      run(20);
    }
    assertThat(rtcp).hasSize(5);
    for (int i = 0; i < 400; i++) {
      audio();
      run(20);
    }
    assertThat(rtcp).hasSize(13);
  }

  @Test
  void theRoundTripIsMeasured() {
    audio();
    run(5);
    byte[] report = rtcp.getFirst();
    int middle = BigEndian.i32(report, 10);
    run(100);
    byte[] answer = new byte[32];
    BigEndian.put32(answer, 0, 0x81c90007);
    BigEndian.put32(answer, 8, 0x2222);
    BigEndian.put32(answer, 24, middle);
    BigEndian.put32(answer, 28, 65_536 / 50);

    session.rtcp(answer, answer.length);

    assertThat(session.statistics().roundTripNanos()).isBetween(79 * MILLI, 81 * MILLI);
  }

  @Test
  void theMicrophoneIsHeardAndReportedOn() {
    byte[] packet = new byte[60];
    audio();
    for (int i = 0; i < 100; i++) {
      packet[0] = (byte) 0x80;
      packet[1] = 111;
      BigEndian.put16(packet, 2, 65_500 + i);
      BigEndian.put32(packet, 4, i * 960);
      BigEndian.put32(packet, 8, 0x7777);
      session.rtp(packet, packet.length);
      packet[1] = 96; // not agreed on
      session.rtp(packet, packet.length);
      run(20);
    }

    assertThat(heardSamples).isEqualTo(100 * 960);
    byte[] report = rtcp.getLast();
    assertThat(report[0] & 31).isEqualTo(1);
    assertThat(BigEndian.i32(report, 28)).isEqualTo(0x7777);
    assertThat(BigEndian.i32(report, 32)).describedAs("nothing lost").isZero();
  }

  @Test
  void itsEndIsSaidOnceAndNothingFollows() {
    video(20, true);
    int before = rtcp.size();
    session.close();
    session.close();

    assertThat(rtcp.subList(before, rtcp.size())).hasSize(2);
    assertThat(HexFormat.of().formatHex(rtcp.getLast()))
        .isEqualTo("80c9000100002222" + "81cb000300002222" + "06636c6f73656400");
    int packets = rtp.size();
    video(20, true);
    audio();
    nack(100);
    run(1_000);
    assertThat(rtp).hasSize(packets);
  }
}
