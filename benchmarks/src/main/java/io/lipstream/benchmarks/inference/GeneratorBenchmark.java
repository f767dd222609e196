package io.lipstream.benchmarks.inference;

import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.lipsync.EngineGenerator;
import io.lipstream.media.avatar.GeneratorFamily;
import io.lipstream.media.lipsync.MouthGenerator;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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
 * How many frames a second does a generator draw, by batch, by callers and by threads inside an
 * operator?
 *
 * <p>Callers are JMH's threads. Read the line "frames". Run:
 *
 * <pre>
 *   mvn -q -pl benchmarks -am package -DskipTests
 *   java -cp benchmarks/target/classes:$(cat benchmarks/target/classpath) \
 *     org.openjdk.jmh.Main GeneratorBenchmark -t 2 -p network=avatars/ada/models/generator.onnx
 * </pre>
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 3)
public class GeneratorBenchmark {

  /** The generator that all callers share. */
  @State(Scope.Benchmark)
  public static class Engine {
    @Param("avatars/tiny/models/generator.onnx")
    public String network = "";

    @Param({"1", "2", "4", "8"})
    public int batch;

    @Param({"1", "2"})
    public int intraOpThreads;

    @SuppressWarnings("NullAway.Init")
    private EngineGenerator generator;

    @Setup
    public void load() {
      EngineOptions options =
          EngineOptions.cpu().withMaxBatch(batch).withIntraOpThreads(intraOpThreads);
      generator =
          EngineGenerator.alone(
              GeneratorSpec.of("measured", GeneratorFamily.SYNCTALK2D_328, Path.of(network)),
              new NoiseCrops(),
              options);
    }

    @TearDown
    public void close() {
      generator.close();
    }
  }

  /** One caller's arrays. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Caller {
    /** Frames drawn: what to read in the results. */
    public int frames;

    private int[] frameIndices = new int[0];
    private float[] windows = new float[0];
    private byte[] mouths = new byte[0];

    @Setup
    public void fill(Engine engine) {
      Random random = new Random(2);
      frameIndices = random.ints(engine.batch, 0, 8).toArray();
      windows = new float[engine.batch * MouthGenerator.AUDIO_WINDOW_FLOATS];
      for (int i = 0; i < windows.length; i++) {
        windows[i] = random.nextFloat(5);
      }
      mouths = new byte[engine.batch * 3 * 320 * 320];
    }
  }

  @Benchmark
  public byte[] generate(Engine engine, Caller caller) {
    engine.generator.generate(engine.batch, caller.frameIndices, caller.windows, caller.mouths);
    caller.frames += engine.batch;
    return caller.mouths;
  }
}
