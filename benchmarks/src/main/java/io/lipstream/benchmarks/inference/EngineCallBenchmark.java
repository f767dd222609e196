package io.lipstream.benchmarks.inference;

import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.Network;
import io.lipstream.inference.NetworkFile;
import io.lipstream.inference.NetworkRun;
import io.lipstream.inference.TensorSlot;
import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.EngineSettings.Devices;
import io.lipstream.inference.engine.Frame;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.inference.engine.StreamRequest.Priority;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does a frame through the engine cost beside the network's own call, in time and in objects?
 *
 * <p>The network doubles four numbers. {@code byHand} runs it on the calling thread; {@code
 * throughTheEngine} submits a frame and waits for it, two changes of threads included. The
 * difference is the engine's part; the objects of {@code byHand} are ONNX Runtime's own.
 *
 * <pre>
 *   benchmarks/run EngineCallBenchmark -prof gc
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 3)
public class EngineCallBenchmark {
  private static final Path NETWORKS = Path.of("inference/src/test/resources/networks");

  private final Four frame = new Four();

  @SuppressWarnings("NullAway.Init")
  private LocalEngine engine;

  @SuppressWarnings("NullAway.Init")
  private FrameStream stream;

  @SuppressWarnings("NullAway.Init")
  private Network network;

  @SuppressWarnings("NullAway.Init")
  private NetworkRun run;

  @Setup
  public void open() {
    engine =
        LocalEngine.start(
            EngineSettings.cpu().withDevices(Devices.cpu().withWorkers(1, 1)),
            Catalogue.below(NETWORKS, Map.of()),
            EngineEvents.NONE,
            System::nanoTime);
    StreamRequest request = new StreamRequest("doubles", "measured", Priority.LIVE, 0, 4);
    if (engine.open(request) instanceof Admission.Admitted admitted) {
      stream = admitted.stream();
    }
    network =
        Network.open(
            new NetworkFile("doubles", NETWORKS.resolve("doubles.onnx")),
            NetworkFile.MAX_BYTES,
            EngineOptions.cpu());
    run = network.newRun();
  }

  @Benchmark
  public float throughTheEngine() throws InterruptedException {
    frame.begin();
    if (!stream.submit(frame, Long.MAX_VALUE)) {
      throw new IllegalStateException("refused");
    }
    return frame.await();
  }

  @Benchmark
  public float byHand() {
    frame.write(0, run.input(0, 0));
    run.run(1);
    frame.read(0, run.output(0, 0));
    return frame.values[0];
  }

  @TearDown
  public void close() {
    stream.close();
    engine.close();
    run.close();
    network.close();
  }

  /** A frame whose owner waits for it. */
  private static final class Four implements Frame {
    private final float[] values = {1, 2, 3, 4};
    private boolean ended;

    synchronized void begin() {
      ended = false;
    }

    synchronized float await() throws InterruptedException {
      while (!ended) {
        wait();
      }
      return values[0];
    }

    @Override
    public void write(int input, TensorSlot slot) {
      values[0] = 1;
      slot.put(0, values, 0, values.length);
    }

    @Override
    public boolean read(int output, TensorSlot slot) {
      slot.get(0, values, 0, values.length);
      return true;
    }

    @Override
    public synchronized void done(Outcome outcome, long queueNanos, long serviceNanos, int batch) {
      ended = true;
      notifyAll();
    }
  }
}
