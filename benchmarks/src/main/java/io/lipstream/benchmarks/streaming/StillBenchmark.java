package io.lipstream.benchmarks.streaming;

import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.picture.Rect;
import io.lipstream.streaming.still.StillBackground;
import io.lipstream.streaming.still.StillEncoder;
import io.lipstream.streaming.still.StillFormat;
import io.lipstream.streaming.still.StillSettings;
import java.util.Random;
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
 * What does a still picture of the built-in avatar cost at 720p, whole and with only the mouth new?
 * JPEG at quality 75 at most 2.5 ms and a third of that; nothing allocated.
 *
 * <p>{@code benchmarks/run StillBenchmark -prof gc}
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 2)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class StillBenchmark {
  private static final Rect MOUTH = new Rect(521, 269, 764, 512);

  @Param StillFormat format = StillFormat.JPEG;

  private final I420Frame picture = new I420Frame(1280, 720);
  private @Nullable StillEncoder encoder;
  private @Nullable StillBackground background;

  @Setup
  public void open() {
    I420Frame frame = AdaPictures.load(1280, 720).at(0);
    StillEncoder opened = StillEncoder.open(new StillSettings(format, 75), 1280, 720);
    encoder = opened;
    background = opened.background(frame);
    System.arraycopy(frame.data(), 0, picture.data(), 0, picture.data().length);
    Random random = new Random(1);
    for (int y = MOUTH.y1(); y < MOUTH.y2(); y++) {
      for (int x = MOUTH.x1(); x < MOUTH.x2(); x++) {
        picture.data()[y * 1280 + x] += (byte) random.nextInt(3);
      }
    }
    System.out.printf(
        "%n%s: background %d bytes, picture %d bytes%n",
        format, background.data().length, opened.encode(picture).length());
  }

  @Benchmark
  public int whole() {
    if (encoder == null) {
      throw new IllegalStateException("not set up");
    }
    return encoder.encode(picture).length();
  }

  @Benchmark
  public int mouth() {
    if (encoder == null || background == null) {
      throw new IllegalStateException("not set up");
    }
    return encoder.encode(picture, background, MOUTH).length();
  }

  @TearDown
  public void close() {
    if (encoder != null) {
      encoder.close();
    }
  }
}
