package io.lipstream.benchmarks.inference;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.TensorInfo;
import io.lipstream.inference.OnnxRuntime;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does ONNX Runtime alone take for one frame, its tensors filled and its result left where it
 * is? The difference to GeneratorBenchmark at batch 1 is what Lipstream's own call costs: the
 * picture's conversion both ways, the copies and the check for numbers.
 *
 * <p>Run:
 *
 * <pre>
 *   mvn -q -pl benchmarks -am package -DskipTests
 *   java -cp benchmarks/target/classes:$(cat benchmarks/target/classpath) \
 *     org.openjdk.jmh.Main "BareRuntime|Generator" -p batch=1 -p intraOpThreads=1 \
 *     -bm avgt -tu ms -prof gc
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 3)
public class BareRuntimeBenchmark {
  @Param("avatars/tiny/models/generator.onnx")
  public String network = "";

  private final Map<String, OnnxTensor> inputs = new HashMap<>();
  private final Map<String, OnnxTensor> outputs = new HashMap<>();

  @SuppressWarnings("NullAway.Init")
  private OrtSession session;

  @Setup
  public void load() throws OrtException {
    OrtEnvironment environment = environment();
    SessionOptions options = new SessionOptions();
    options.setIntraOpNumThreads(1);
    session = environment.createSession(network, options);
    for (NodeInfo input : session.getInputInfo().values()) {
      inputs.put(input.getName(), oneFrame(environment, input));
    }
    for (NodeInfo output : session.getOutputInfo().values()) {
      outputs.put(output.getName(), picture(environment));
    }
  }

  /** Made by Lipstream first, which switches the library's telemetry off. */
  private static OrtEnvironment environment() {
    var _ = OnnxRuntime.version();
    return OrtEnvironment.getEnvironment();
  }

  private static OnnxTensor oneFrame(OrtEnvironment environment, NodeInfo node)
      throws OrtException {
    long[] shape = ((TensorInfo) node.getInfo()).getShape();
    shape[0] = 1;
    return filled(environment, shape);
  }

  /** Exporters often leave the output's shape free. */
  private static OnnxTensor picture(OrtEnvironment environment) throws OrtException {
    return filled(environment, new long[] {1, 3, 320, 320});
  }

  private static OnnxTensor filled(OrtEnvironment environment, long[] shape) throws OrtException {
    int floats = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    FloatBuffer values =
        ByteBuffer.allocateDirect(floats * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    Random random = new Random(3);
    for (int i = 0; i < floats; i++) {
      values.put(i, random.nextFloat());
    }
    return OnnxTensor.createTensor(environment, values, shape);
  }

  @Benchmark
  public void run() throws OrtException {
    session.run(inputs, outputs).close();
  }

  @TearDown
  public void close() throws OrtException {
    session.close();
  }
}
