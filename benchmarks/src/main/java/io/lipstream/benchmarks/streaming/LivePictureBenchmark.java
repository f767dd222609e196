package io.lipstream.benchmarks.streaming;

import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.VideoEncoder;
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
 * What does it cost to encode a live picture of the built-in avatar? At 512x512 at most 6 ms, so
 * that a speaking session stays below a quarter of a core; nothing allocated.
 *
 * <p>{@code benchmarks/run LivePictureBenchmark -prof gc}
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class LivePictureBenchmark {
  private static final int FRAMES_PER_SECOND = 25;

  @Param LiveVideoCodec codec = LiveVideoCodec.VP8;

  @Param({"512x512 1000000", "1280x720 2500000"})
  String sizeAndBitrate = "";

  private @Nullable AdaPictures pictures;
  private @Nullable VideoEncoder encoder;
  private long tick;

  @Setup
  public void open() {
    String[] parts = sizeAndBitrate.split("[x ]", -1);
    int widthPx = Integer.parseInt(parts[0]);
    int heightPx = Integer.parseInt(parts[1]);
    pictures = AdaPictures.load(widthPx, heightPx);
    encoder =
        VideoEncoder.open(codec, widthPx, heightPx, FRAMES_PER_SECOND, Integer.parseInt(parts[2]));
  }

  @Benchmark
  public int picture() {
    if (encoder == null || pictures == null) {
      throw new IllegalStateException("not set up");
    }
    tick++;
    return encoder.encode(pictures.at(tick), tick, tick == 1).length();
  }

  @TearDown
  public void close() {
    if (encoder != null) {
      encoder.close();
    }
  }
}
