package io.lipstream.benchmarks.streaming;

import io.lipstream.streaming.live.EncodedPicture;
import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.ViewerEvents;
import io.lipstream.streaming.rtp.PacketSink;
import io.lipstream.streaming.rtp.RtpSession;
import io.lipstream.streaming.rtp.RtpSettings;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does a packet cost one viewer before encryption: cut from its picture, paced, numbered, kept
 * for repair and handed over? Nothing may be allocated.
 *
 * <p>Measured is a picture of 7,500 bytes (25 a second make 1.5 Mbit/s), two sounds and eight
 * ticks, in virtual time: nine packets. With {@code lossPercent}, so many of the pictures' are
 * asked for again, whose cost is shared by the nine.
 *
 * <pre>benchmarks/run RtpSessionBenchmark -prof gc</pre>
 */
@NullUnmarked // JMH sets the fields
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class RtpSessionBenchmark {
  private static final int PACKETS = 9;
  private static final int PICTURE_BYTES = 7_500;
  private static final int SOUND_BYTES = 80;
  private static final int PICTURE_SSRC = 1;
  private static final long TICK_NANOS = 5_000_000;
  private static final int SEQUENCE_AT = 2;

  @Param({"VP8", "H264"})
  private LiveVideoCodec codec;

  @Param({"0", "5"})
  private int lossPercent;

  private final EncodedPicture picture = new EncodedPicture();
  private final EncodedSound sound = new EncodedSound();
  private final byte[] nack = new byte[16];
  private final Random random = new Random(4);
  private RtpSession session;
  private long now;
  private int lost = -1;

  @Setup
  public void open() {
    RtpSettings.HeaderExtensions extensions = new RtpSettings.HeaderExtensions(3, 2, 4);
    RtpSettings settings =
        RtpSettings.of(
            codec,
            RtpSettings.Track.of(PICTURE_SSRC, 96, "0", extensions).withRtx(2, 97),
            RtpSettings.Track.of(3, 111, "1", extensions),
            -1,
            "benchmark");
    session =
        new RtpSession(
            settings,
            new Loss(),
            () -> now,
            new NoEvents(),
            () -> {
              throw new IllegalStateException("nobody speaks");
            });
    // RFC 4585, section 6.2.1
    nack[0] = (byte) 0x81;
    nack[1] = (byte) 205;
    nack[3] = 3;
    nack[11] = PICTURE_SSRC;
    picture.begin(PICTURE_BYTES, true, now);
    for (int i = 0; i < PICTURE_BYTES; i++) {
      picture.data()[i] = (byte) (random.nextInt() | 1);
    }
    picture.data()[0] = 0;
    picture.data()[1] = 0;
    picture.data()[2] = 1;
    picture.data()[3] = 0x65;
  }

  @Benchmark
  @OperationsPerInvocation(PACKETS)
  public void packet() {
    picture.begin(PICTURE_BYTES, true, now);
    session.video(picture);
    for (int i = 0; i < 8; i++) {
      if (i % 4 == 0) {
        sound.begin(SOUND_BYTES, now);
        session.audio(sound);
      }
      now += TICK_NANOS;
      session.tick(now);
      if (lost >= 0) {
        nack[12] = (byte) (lost >> 8);
        nack[13] = (byte) lost;
        session.rtcp(nack, nack.length);
        lost = -1;
      }
    }
  }

  /** Loses some packets of pictures, which are asked for at the next tick. */
  private final class Loss implements PacketSink {
    @Override
    public void rtp(byte[] packet, int length) {
      if ((packet[1] & 0x7f) == 96 && random.nextInt(100) < lossPercent) {
        lost = (packet[SEQUENCE_AT] & 0xff) << 8 | (packet[SEQUENCE_AT + 1] & 0xff);
      }
    }

    @Override
    public void rtcp(byte[] packet, int length) {}
  }

  /** Nobody listens. */
  private static final class NoEvents implements ViewerEvents {
    @Override
    public void connected() {}

    @Override
    public void keyFrameWanted() {}

    @Override
    public void bitrate(int bitsPerSecond) {}

    @Override
    public void microphone(float[] mono48k, int count) {}

    @Override
    public void closed(String reason) {}
  }
}
