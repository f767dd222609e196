package io.lipstream.streaming.rtp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.streaming.live.EncodedPicture;
import io.lipstream.streaming.live.LiveVideoCodec;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Nothing that comes from the network may throw, hang or grow, however it was made. */
class FuzzTest {
  private static final int FEW = 4_000;
  private static final int MANY = 100_000;

  @Test
  void packetsThatMakeNoSenseAreIgnored() {
    everyParser(1, FEW);
  }

  @Test
  @Tag("slow")
  void manyPacketsThatMakeNoSenseAreIgnored() {
    for (long seed = 2; seed < 6; seed++) {
      everyParser(seed, MANY);
    }
  }

  @ParameterizedTest
  @EnumSource(LiveVideoCodec.class)
  void aConversationSurvivesSpoiltPackets(LiveVideoCodec codec) {
    conversation(codec, 7, FEW);
  }

  @ParameterizedTest
  @EnumSource(LiveVideoCodec.class)
  @Tag("slow")
  void aLongConversationSurvivesSpoiltPackets(LiveVideoCodec codec) {
    conversation(codec, 8, MANY);
  }

  private static void everyParser(long seed, int count) {
    Random random = new Random(seed);
    RtpHeader header = new RtpHeader();
    TransportFeedback feedback = new TransportFeedback();
    Arrivals arrivals = new Arrivals();
    Vp8Depacketiser vp8 = new Vp8Depacketiser();
    H264Depacketiser h264 = new H264Depacketiser();
    RtcpReader.Listener readsFeedback =
        new RtcpReader.Listener() {
          @Override
          public void transportFeedback(byte[] packet, int offset, int end) {
            feedback.read(packet, offset, end);
          }
        };
    byte[] scratch = new byte[1_200];
    for (int i = 0; i < count; i++) {
      byte[] packet = input(random);
      try {
        if (header.read(packet, packet.length)) {
          for (int id = 0; id < 16; id++) {
            int at = header.extension(packet, id, 2);
            assertThat(at).isLessThanOrEqualTo(packet.length - 2);
          }
          assertThat(header.payloadOffset + header.payloadLength)
              .isLessThanOrEqualTo(packet.length);
        }
        RtcpReader.read(packet, packet.length, readsFeedback);
        feedback.read(packet, 0, packet.length);
        depacketise(vp8, packet, i);
        depacketise(h264, packet, i);
        arrivals.packet(random.nextInt(0x10000), random.nextLong() >> random.nextInt(40));
        if (arrivals.hasNews() && i % 7 == 0) {
          assertThat(arrivals.write(scratch, 0, 200 + random.nextInt(1_000))).isPositive();
        }
      } catch (RuntimeException e) {
        throw new AssertionError("input " + i + " of seed " + seed, e);
      }
    }
    assertThat(vp8.data().length).isLessThanOrEqualTo(2 * PictureDepacketiser.MAX_PICTURE_BYTES);
    assertThat(h264.data().length).isLessThanOrEqualTo(2 * PictureDepacketiser.MAX_PICTURE_BYTES);
  }

  private static void depacketise(PictureDepacketiser depacketiser, byte[] packet, int i) {
    if (i % 5_000 == 0) {
      depacketiser.begin(false);
    }
    depacketiser.startsKeyFrame(packet, 0, packet.length);
    depacketiser.add(packet, 0, packet.length);
    depacketiser.complete();
  }

  /** Noise, or something nearly right. */
  private static byte[] input(Random random) {
    byte[] packet = new byte[1 + random.nextInt(random.nextInt(4) == 0 ? 1_400 : 80)];
    random.nextBytes(packet);
    int kind = random.nextInt(5);
    if (kind > 0 && packet.length > 12) {
      packet[0] = (byte) (0x80 | (random.nextInt(3) == 0 ? random.nextInt(64) : 0));
      if (kind > 1) {
        packet[0] |= (byte) random.nextInt(32);
        packet[1] = (byte) (200 + random.nextInt(8));
        BigEndian.put16(packet, 2, kind == 2 ? random.nextInt(20) : packet.length / 4 - 1);
      }
      if (kind == 3) {
        packet[0] = (byte) 0x8f;
        packet[1] = (byte) 205;
        if (packet.length > 20) {
          BigEndian.put16(packet, 14, random.nextInt(60));
        }
      }
    }
    return packet;
  }

  /** Real packets of both directions, some with changed, missing or added bytes. */
  private static void conversation(LiveVideoCodec codec, long seed, int packets) {
    Random random = new Random(seed);
    long[] now = {1_000_000_000L};
    Watching events = new Watching(seed, codec);
    RtpSettings settings = Watching.settings(codec);
    RtpReceiver[] receiver = new RtpReceiver[1];
    RtpSession[] session = new RtpSession[1];
    int[] sent = new int[1];
    ReceivedMedia nothing =
        new ReceivedMedia() {
          @Override
          public void picture(byte[] data, int length, boolean key, long presentationNanos) {}

          @Override
          public void sound(byte[] data, int offset, int length, long presentationNanos) {}

          @Override
          public void ended() {}
        };
    PacketSink there =
        new PacketSink() {
          @Override
          public void rtp(byte[] packet, int length) {
            sent[0]++;
            byte[] spoilt = spoil(random, packet, length);
            receiver[0].rtp(spoilt, spoilt.length);
            session[0].rtp(spoilt, spoilt.length);
          }

          @Override
          public void rtcp(byte[] packet, int length) {
            byte[] spoilt = spoil(random, packet, length);
            receiver[0].rtcp(spoilt, spoilt.length);
          }
        };
    PacketSink back =
        new PacketSink() {
          @Override
          public void rtp(byte[] packet, int length) {}

          @Override
          public void rtcp(byte[] packet, int length) {
            byte[] spoilt = spoil(random, packet, length);
            session[0].rtcp(spoilt, spoilt.length);
          }
        };
    session[0] =
        new RtpSession(
            settings, there, () -> now[0], events, Watching.NoDecoder::new, Watching.start(seed));
    receiver[0] = new RtpReceiver(settings, back, () -> now[0], nothing);
    EncodedPicture picture = new EncodedPicture();
    int frame = 0;
    try {
      while (sent[0] < packets) {
        now[0] += 5_000_000;
        if (frame++ % 8 == 0) {
          int bytes = 100 + random.nextInt(12_000);
          boolean key = random.nextInt(10) == 0;
          picture.begin(bytes, key, now[0]);
          TestPictures.fill(codec, picture.data(), bytes, key, frame, random);
          session[0].video(picture);
        }
        byte[] noise = input(random);
        session[0].rtp(noise, noise.length);
        session[0].rtcp(noise, noise.length);
        receiver[0].rtp(noise, noise.length);
        receiver[0].rtcp(noise, noise.length);
        session[0].tick(now[0]);
        receiver[0].tick(now[0]);
      }
    } catch (RuntimeException e) {
      throw new AssertionError("after " + sent[0] + " packets of seed " + seed, e);
    }
    assertThat(receiver[0].statistics().pictures()).isPositive();
  }

  private static byte[] spoil(Random random, byte[] packet, int length) {
    byte[] copy = Arrays.copyOf(packet, length);
    return switch (random.nextInt(8)) {
      case 0 -> Arrays.copyOf(copy, random.nextInt(length + 1));
      case 1 -> {
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
          copy[random.nextInt(length)] = (byte) random.nextInt();
        }
        yield copy;
      }
      case 2 -> {
        copy[random.nextInt(Math.min(length, 28))] ^= (byte) (1 << random.nextInt(8));
        yield copy;
      }
      case 3 -> Arrays.copyOf(copy, length + random.nextInt(40));
      default -> copy;
    };
  }
}
