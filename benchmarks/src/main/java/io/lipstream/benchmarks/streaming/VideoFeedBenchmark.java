package io.lipstream.benchmarks.streaming;

import io.lipstream.streaming.live.BitrateRange;
import io.lipstream.streaming.live.EncodedPicture;
import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.VideoFeed;
import io.lipstream.streaming.live.Viewer;
import io.lipstream.streaming.live.ViewerStatistics;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does one picture of a shared feed cost, whoever many watch it: encoded for all, or repeated
 * from an earlier round of the idle loop? 512x512, VP8; viewers copy the picture as a packetiser
 * would. One operation is one picture, of which there are 25 a second.
 *
 * <p>{@code benchmarks/run VideoFeedBenchmark -prof gc}
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 3)
@Measurement(iterations = 3, time = 3)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class VideoFeedBenchmark {
  private static final int SIDE_PX = 512;
  private static final long FRAME_NANOS = 40_000_000;

  @Param({"1", "8", "32"})
  int viewers = 1;

  private @Nullable AdaPictures pictures;
  private @Nullable VideoFeed feed;
  private long tick;

  private static final class Copying implements Viewer {
    private final byte[] copy = new byte[1 << 20];

    @Override
    public LiveVideoCodec codec() {
      return LiveVideoCodec.VP8;
    }

    @Override
    public void video(EncodedPicture picture) {
      System.arraycopy(picture.data(), 0, copy, 0, picture.length());
    }

    @Override
    public void audio(EncodedSound sound) {}

    @Override
    public ViewerStatistics statistics() {
      return new ViewerStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    @Override
    public void close() {}
  }

  @Setup
  public void open() {
    pictures = AdaPictures.load(SIDE_PX, SIDE_PX);
    BitrateRange bitrates = new BitrateRange(1_000_000, 100_000, 2_000_000);
    feed = VideoFeed.open(LiveVideoCodec.VP8, SIDE_PX, SIDE_PX, 25, bitrates);
    for (int i = 0; i < viewers; i++) {
      var _ = feed.add(new Copying());
    }
  }

  @Benchmark
  public void encoded() {
    if (feed == null || pictures == null) {
      throw new IllegalStateException("not set up");
    }
    tick++;
    feed.picture(pictures.at(tick), tick * FRAME_NANOS);
  }

  @Benchmark
  public void repeated() {
    if (feed == null || pictures == null) {
      throw new IllegalStateException("not set up");
    }
    tick++;
    AdaPictures loop = pictures;
    feed.loop(tick, loop.period(), tick * FRAME_NANOS, loop::at);
  }

  @TearDown
  public void close() {
    if (feed != null) {
      feed.close();
    }
  }
}
