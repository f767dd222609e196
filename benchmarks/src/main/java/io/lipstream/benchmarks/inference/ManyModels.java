package io.lipstream.benchmarks.inference;

import io.lipstream.inference.TensorSlot;
import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.Frame;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.inference.engine.ModelStatus;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.inference.engine.StreamRequest.Priority;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Does an engine stay quick with thousands of models, and does a hot one notice cold ones loading?
 *
 * <p>A folder of 11,000 small networks is listed; 1,200 of them are loaded; one stream of 50 frames
 * a second is watched for some seconds alone and for as long while 100 generators are loaded, in
 * turns, so that what else the machine does meets both alike.
 *
 * <pre>
 *   benchmarks/load ManyModels [TURNS [COLD_NETWORK]]
 * </pre>
 */
public final class ManyModels {
  private static final Path NETWORKS = Path.of("inference/src/test/resources/networks");
  private static final int CATALOGUE = 11_000;
  private static final int LOADED = 1_200;
  private static final int COLD_LOADS = 100;
  private static final long FRAME_NANOS = 20_000_000;

  private ManyModels() {}

  /** Measures and prints. */
  public static void main(String[] args) throws Exception {
    int turns = args.length > 0 ? Integer.parseInt(args[0]) : 5;
    Path root = Files.createTempDirectory("lipstream-many");
    try {
      fill(root, Path.of(args.length > 1 ? args[1] : "avatars/ada/models/generator.onnx"));
      measure(root, turns);
    } finally {
      delete(root);
    }
  }

  private static void fill(Path root, Path cold) throws IOException {
    Path small = NETWORKS.resolve("doubles.onnx").toAbsolutePath();
    byte[] bytes = Files.readAllBytes(small);
    for (int i = 0; i < CATALOGUE; i++) {
      Files.write(root.resolve(String.format(Locale.ROOT, "small-%05d.onnx", i)), bytes);
    }
    Files.copy(NETWORKS.resolve("doubles-slowly.onnx"), root.resolve("hot.onnx"));
    for (int i = 0; i < COLD_LOADS; i++) {
      Files.copy(cold, root.resolve("cold-" + i + ".onnx"));
    }
  }

  private static void measure(Path root, int turns) throws Exception {
    try (LocalEngine engine =
        LocalEngine.start(
            EngineSettings.cpu(),
            Catalogue.below(root, Map.of()),
            EngineEvents.NONE,
            System::nanoTime)) {
      list(engine, "nothing loaded");
      long start = System.nanoTime();
      for (int i = 0; i < LOADED; i++) {
        engine.models().load(String.format(Locale.ROOT, "small-%05d", i), false);
      }
      double loadSeconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          Locale.ROOT,
          "%d models loaded in %.1f s, %.1f MB of the device%n",
          LOADED,
          loadSeconds,
          engine.models().devices().getFirst().usedBytes() / 1e6);
      list(engine, LOADED + " loaded");
      Files.createFile(root.resolve("new.onnx"));
      list(engine, "after a file came");
      hot(engine, turns);
    }
  }

  private static void list(LocalEngine engine, String when) {
    int rounds = 11;
    double[] millis = new double[rounds];
    List<ModelStatus> models = List.of();
    for (int i = 0; i < rounds; i++) {
      long start = System.nanoTime();
      models = engine.models().list();
      millis[i] = (System.nanoTime() - start) / 1e6;
    }
    double first = millis[0];
    Arrays.sort(millis);
    System.out.printf(
        Locale.ROOT,
        "listing %d models, %s: first %.1f ms, median %.1f ms, longest %.1f ms%n",
        models.size(),
        when,
        first,
        millis[rounds / 2],
        millis[rounds - 1]);
  }

  private static void hot(LocalEngine engine, int turns) throws Exception {
    StreamRequest request = new StreamRequest("hot", "hot", Priority.LIVE, 50, 4);
    if (!(engine.open(request) instanceof Admission.Admitted admitted)) {
      throw new IllegalStateException("the hot model was refused");
    }
    int cold = 0;
    try (FrameStream stream = admitted.stream()) {
      watch(stream, 200, () -> false);
      int perTurn = COLD_LOADS / turns;
      double[] alone = {};
      double[] beside = {};
      for (int turn = 0; turn < turns; turn++) {
        int first = cold;
        cold += perTurn;
        Thread loads =
            Thread.ofPlatform()
                .unstarted(
                    () -> {
                      for (int i = first; i < first + perTurn; i++) {
                        engine.models().load("cold-" + i, false);
                        engine.models().unload("cold-" + i);
                      }
                    });
        loads.start();
        double[] loaded = watch(stream, Integer.MAX_VALUE, loads::isAlive);
        beside = joined(beside, loaded);
        alone = joined(alone, watch(stream, loaded.length, () -> true));
      }
      System.out.printf(
          Locale.ROOT,
          "hot model at 50 frames a second: alone p50 %.2f ms, p99 %.2f ms (%d frames);%n"
              + "  beside %d cold loads p50 %.2f ms, p99 %.2f ms (%d frames); p99 ratio %.2f%n",
          percentile(alone, 0.5),
          percentile(alone, 0.99),
          alone.length,
          cold,
          percentile(beside, 0.5),
          percentile(beside, 0.99),
          beside.length,
          percentile(beside, 0.99) / percentile(alone, 0.99));
    }
  }

  private static double[] joined(double[] one, double[] other) {
    double[] both = Arrays.copyOf(one, one.length + other.length);
    System.arraycopy(other, 0, both, one.length, other.length);
    return both;
  }

  private static double percentile(double[] values, double share) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[(int) (share * (sorted.length - 1))];
  }

  /** Whether to go on watching. */
  private interface Going {
    boolean on();
  }

  /** Milliseconds from submission to result of each frame, at its pace. */
  private static double[] watch(FrameStream stream, int maxFrames, Going going)
      throws InterruptedException {
    double[] millis = new double[Math.min(maxFrames, 100_000)];
    Watched frame = new Watched();
    int frames = 0;
    long next = System.nanoTime();
    while (frames < millis.length && ((frames < 200 && maxFrames == 200) || going.on())) {
      long start = System.nanoTime();
      stream.submit(frame, Long.MAX_VALUE);
      frame.ended.acquire();
      millis[frames++] = (frame.endedNanos - start) / 1e6;
      next += FRAME_NANOS;
      LockSupport.parkNanos(next - System.nanoTime());
    }
    return Arrays.copyOf(millis, frames);
  }

  private static void delete(Path root) {
    try (Stream<Path> files = Files.walk(root)) {
      files
          .sorted(Comparator.reverseOrder())
          .forEach(
              file -> {
                try {
                  Files.delete(file);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A frame that tells when it is done. */
  private static final class Watched implements Frame {
    private final float[] values = {1, 2, 3, 4};
    private final Semaphore ended = new Semaphore(0);

    /** Taken by the engine's thread: when this one wakes up is the system's affair. */
    private volatile long endedNanos;

    @Override
    public void write(int input, TensorSlot slot) {
      slot.put(0, values, 0, values.length);
    }

    @Override
    public boolean read(int output, TensorSlot slot) {
      return true;
    }

    @Override
    public void done(Outcome outcome, long queueNanos, long serviceNanos, int batch) {
      endedNanos = System.nanoTime();
      ended.release();
    }
  }
}
