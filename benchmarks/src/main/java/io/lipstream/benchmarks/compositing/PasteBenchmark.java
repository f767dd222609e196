package io.lipstream.benchmarks.compositing;

import io.lipstream.compositing.Compositor;
import io.lipstream.compositing.PasteEdge;
import io.lipstream.media.picture.CropGeometry;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.picture.Rect;
import java.util.Random;
import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * How long does one core take to paste one mouth into a 720p frame, the copy of the frame included,
 * and does it allocate? At most 1.0 ms with a feathered edge, and nothing.
 *
 * <p>Run:
 *
 * <pre>
 *   mvn -q -pl benchmarks -am package -DskipTests
 *   java -cp benchmarks/target/classes:$(cat benchmarks/target/classpath) \
 *     org.openjdk.jmh.Main PasteBenchmark -prof gc
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class PasteBenchmark {
  private static final int ROI_PX = 320;
  private static final int MOUTHS = 8;

  @Param({"FEATHERED", "REFERENCE"})
  PasteEdge edge = PasteEdge.FEATHERED;

  @Param("240")
  int sidePx;

  private final I420Frame[] frames = new I420Frame[MOUTHS];
  private final byte[] mouths = new byte[MOUTHS * 3 * ROI_PX * ROI_PX];
  private final I420Frame out = new I420Frame(1280, 720);
  private Compositor compositor = compositor();
  private Rect rect = new Rect(0, 0, 1, 1);
  private int next;

  @Setup
  public void draw() {
    Random random = new Random(1);
    random.nextBytes(mouths);
    for (int i = 0; i < MOUTHS; i++) {
      frames[i] = new I420Frame(1280, 720);
      random.nextBytes(frames[i].data());
    }
    rect = new Rect(521, 201, 521 + sidePx, 201 + sidePx);
    compositor = compositor();
  }

  @Benchmark
  public I420Frame paste() {
    int i = next++ % MOUTHS;
    compositor.paste(frames[i], rect, mouths, i * 3 * ROI_PX * ROI_PX, 1, out);
    return out;
  }

  private Compositor compositor() {
    return new Compositor(new CropGeometry(ROI_PX, 4, new Rect(5, 5, 315, 310)), edge);
  }
}
