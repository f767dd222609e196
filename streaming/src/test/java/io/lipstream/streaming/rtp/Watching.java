package io.lipstream.streaming.rtp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.streaming.live.EncodedPicture;
import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.ViewerEvents;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A sender and a viewer over two links, in virtual time: an encoder that follows the bitrate it is
 * told and makes keyframes when asked, and a viewer that checks what it is given.
 */
final class Watching implements ViewerEvents, ReceivedMedia {
  static final long MILLI = 1_000_000;

  long now = 5_000 * MILLI;
  final Random random;
  final Link there;
  final Link back;
  final RtpSession session;
  final RtpReceiver receiver;
  private final LiveVideoCodec codec;
  private final EncodedPicture picture = new EncodedPicture();
  private final EncodedSound sound = new EncodedSound();
  private final Map<Integer, Integer> sentHashes = new HashMap<>();
  private final Map<Integer, Long> sentAt = new HashMap<>();

  boolean encoding = true;
  int maxEncoderBps = 1_500_000;
  int bitrateBps = 800_000;
  final List<Integer> bitrates = new ArrayList<>();
  int keyFramesWanted;
  private boolean keyFrameDue = true;
  private long lastKeyFrame = Long.MIN_VALUE;
  private int frame;
  private int soundNumber;

  int picturesSeen;
  int keyFramesSeen;
  private int lastSeen = -1;
  long lastSeenAt = now;
  long longestFreeze;
  long longestLatency;
  int soundsSeen;
  final List<Integer> soundOrder = new ArrayList<>();
  long worstSkewNanos;
  private long pictureMapping = Long.MIN_VALUE;
  private long soundMapping = Long.MIN_VALUE;
  boolean endedSeen;

  Watching(long seed, LiveVideoCodec codec) {
    this(seed, codec, start(seed));
  }

  Watching(long seed, LiveVideoCodec codec, Start start) {
    this(seed, codec, start, settings(codec));
  }

  Watching(long seed, LiveVideoCodec codec, Start start, RtpSettings settings) {
    this.codec = codec;
    random = new Random(seed);
    there = new Link(seed + 1, () -> now);
    back = new Link(seed + 2, () -> now);
    session = new RtpSession(settings, there, () -> now, this, NoDecoder::new, start);
    receiver = new RtpReceiver(settings, back, () -> now, this);
  }

  static Start start(long seed) {
    int any = new Random(seed).nextInt();
    return new Start(
        any & 0x7fff,
        any >> 5 & 0x7fff,
        any >> 7 & 0x7fff,
        any >> 9 & 0x7fff,
        any >> 11 & 0x7fff,
        any,
        1_800_000_000_000_000_000L);
  }

  static RtpSettings settings(LiveVideoCodec codec) {
    RtpSettings.HeaderExtensions extensions = new RtpSettings.HeaderExtensions(3, 2, 4);
    return RtpSettings.of(
        codec,
        RtpSettings.Track.of(0x1111, 96, "0", extensions).withRtx(0x1112, 97),
        RtpSettings.Track.of(0x2222, 111, "1", extensions),
        111,
        "lipstream");
  }

  /** Lets so much time pass. */
  void run(long millis) {
    for (long i = 0; i < millis; i++) {
      now += MILLI;
      long t = now / MILLI;
      if (encoding && t % 40 == 0) {
        encode();
      }
      if (t % 20 == 0) {
        sound.begin(60, now);
        Arrays.fill(sound.data(), 0, 60, (byte) soundNumber);
        BigEndian.put32(sound.data(), 0, soundNumber++);
        session.audio(sound);
      }
      there.deliver(
          new Link.End() {
            @Override
            public void rtp(byte[] packet, int length) {
              receiver.rtp(packet, length);
            }

            @Override
            public void rtcp(byte[] packet, int length) {
              receiver.rtcp(packet, length);
            }
          });
      back.deliver(
          new Link.End() {
            @Override
            public void rtp(byte[] packet, int length) {
              session.rtp(packet, length);
            }

            @Override
            public void rtcp(byte[] packet, int length) {
              session.rtcp(packet, length);
            }
          });
      if (t % 5 == 0) {
        session.tick(now);
        receiver.tick(now);
      }
      longestFreeze = Math.max(longestFreeze, now - lastSeenAt);
    }
  }

  private void encode() {
    boolean key =
        keyFrameDue && (lastKeyFrame == Long.MIN_VALUE || now - lastKeyFrame >= 500 * MILLI);
    int mean = Math.min(bitrateBps, maxEncoderBps) / 8 / 25;
    int bytes = Math.max(64, (int) (mean * (0.7 + 0.6 * random.nextDouble()) * (key ? 4 : 1)));
    picture.begin(bytes, key, now);
    TestPictures.fill(codec, picture.data(), bytes, key, frame, random);
    if (key) {
      keyFrameDue = false;
      lastKeyFrame = now;
    }
    sentHashes.put(frame, Arrays.hashCode(Arrays.copyOf(picture.data(), bytes)));
    sentAt.put(frame, now);
    frame++;
    session.video(picture);
    Arrays.fill(picture.data(), 0, bytes, (byte) 0x77); // the encoder's again
  }

  int framesEncoded() {
    return frame;
  }

  @Override
  public void picture(byte[] data, int length, boolean keyFrame, long presentationNanos) {
    int number = TestPictures.number(codec, data);
    assertThat(Arrays.hashCode(Arrays.copyOf(data, length))).isEqualTo(sentHashes.get(number));
    if (!keyFrame) {
      assertThat(number).describedAs("follows the picture it is based on").isEqualTo(lastSeen + 1);
    }
    assertThat(number).isGreaterThan(lastSeen);
    lastSeen = number;
    lastSeenAt = now;
    picturesSeen++;
    keyFramesSeen += keyFrame ? 1 : 0;
    long sent = sentAt.getOrDefault(number, 0L);
    longestLatency = Math.max(longestLatency, now - sent);
    if (presentationNanos != Long.MIN_VALUE) {
      pictureMapping = presentationNanos - sent;
      skew();
    }
  }

  @Override
  public void sound(byte[] data, int offset, int length, long presentationNanos) {
    int number = BigEndian.i32(data, offset);
    soundsSeen++;
    soundOrder.add(number);
    if (presentationNanos != Long.MIN_VALUE) {
      soundMapping = presentationNanos - (number * 20L * MILLI + 5_020 * MILLI);
      skew();
    }
  }

  private void skew() {
    if (pictureMapping != Long.MIN_VALUE && soundMapping != Long.MIN_VALUE) {
      worstSkewNanos = Math.max(worstSkewNanos, Math.abs(pictureMapping - soundMapping));
    }
  }

  @Override
  public void ended() {
    endedSeen = true;
  }

  @Override
  public void connected() {}

  @Override
  public void keyFrameWanted() {
    keyFramesWanted++;
    keyFrameDue = true;
  }

  @Override
  public void bitrate(int bitsPerSecond) {
    bitrates.add(bitsPerSecond);
    bitrateBps = bitsPerSecond;
  }

  @Override
  public void microphone(float[] mono48k, int count) {}

  @Override
  public void closed(String reason) {}

  /** For sessions that hear nothing. */
  static final class NoDecoder implements SoundDecoder {
    @Override
    public int decode(byte[] data, int offset, int length, float[] out) {
      return 960;
    }

    @Override
    public int conceal(float[] out, int samples) {
      return samples;
    }

    @Override
    public void close() {}
  }
}
