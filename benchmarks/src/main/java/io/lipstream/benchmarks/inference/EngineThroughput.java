package io.lipstream.benchmarks.inference;

import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.Network;
import io.lipstream.inference.NetworkFile;
import io.lipstream.inference.NetworkRun;
import io.lipstream.inference.PictureTensor.Values;
import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.EngineSettings.Batching;
import io.lipstream.inference.engine.EngineSettings.Devices;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.inference.lipsync.MouthFrame;
import io.lipstream.media.avatar.GeneratorFamily;
import io.lipstream.media.lipsync.MouthGenerator;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many frames a second do the engine's sessions get of what ONNX Runtime computes without it?
 *
 * <p>Beside the engine, as many threads as it has workers fill the same tensors with the same
 * pictures, run the same network in the same batches and read the same results in a loop; a third
 * number is that loop without filling and reading. They take turns of a second, so that what else
 * the machine does meets all alike; the figures are medians of the turns' ratios. The last two
 * columns are frames for each second of the computing threads' processor time, which a busy machine
 * disturbs less, and their ratio.
 *
 * <pre>
 *   benchmarks/load EngineThroughput [NETWORK [TURNS [BATCHES [SESSIONS]]]]
 *   benchmarks/load EngineThroughput avatars/ada/models/generator.onnx 5 1,2,4,8,16 1,2,4,8,16,32,64
 * </pre>
 */
public final class EngineThroughput {
  private static final GeneratorFamily FAMILY = GeneratorFamily.SYNCTALK2D_328;
  private static final int WORKERS = Runtime.getRuntime().availableProcessors();
  private static final long TURN_NANOS = 1_000_000_000;

  /** Frames that a session keeps in the engine: it plays one while the next ones are drawn. */
  private static final int AHEAD = 3;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Processor time of the threads without an engine. */
  private static final AtomicLong handCpuNanos = new AtomicLong();

  private static final NoiseCrops CROPS = new NoiseCrops();

  private EngineThroughput() {}

  /** Measures and prints a table. */
  public static void main(String[] args) throws Exception {
    Path network = Path.of(args.length > 0 ? args[0] : "avatars/ada/models/generator.onnx");
    int turns = args.length > 1 ? Integer.parseInt(args[1]) : 15;
    int[] batches = numbers(args.length > 2 ? args[2] : "4,8");
    int[] sessionCounts = numbers(args.length > 3 ? args[3] : "8");
    System.out.printf("%s, %d workers, 1 thread each%n", network, WORKERS);
    System.out.println(
        "batch  sessions  engine fps  mean batch  by hand fps  ratio  run only  ratio"
            + "  cpu fps  cpu ratio");
    for (int batch : batches) {
      for (int sessions : sessionCounts) {
        measure(network, batch, sessions, turns);
      }
    }
  }

  private static int[] numbers(String list) {
    return Arrays.stream(list.split(",", -1)).mapToInt(Integer::parseInt).toArray();
  }

  private static void measure(Path file, int batch, int sessions, int turns) throws Exception {
    GeneratorSpec spec = GeneratorSpec.of("measured", FAMILY, file);
    Catalogue catalogue = Catalogue.empty();
    catalogue.add("measured", spec);
    EngineSettings settings =
        EngineSettings.cpu()
            .withDevices(Devices.cpu().withWorkers(WORKERS, 1))
            .withBatching(Batching.DEFAULT.withMaxFrames(batch));
    EngineOptions options = EngineOptions.cpu().withMaxBatch(batch);
    try (LocalEngine engine =
            LocalEngine.start(settings, catalogue, EngineEvents.NONE, System::nanoTime);
        Network network = Network.open(spec, NetworkFile.MAX_BYTES, options)) {
      List<Session> streaming = new ArrayList<>();
      for (int i = 0; i < sessions; i++) {
        streaming.add(new Session(engine, spec, i));
      }
      List<Hand> hands = new ArrayList<>();
      for (int i = 0; i < WORKERS; i++) {
        hands.add(new Hand(network, spec, batch, Math.max(batch, sessions * AHEAD / WORKERS)));
      }
      double[] engineFps = new double[turns];
      double[] handFps = new double[turns];
      double[] runFps = new double[turns];
      double[] engineCpu = new double[turns];
      double[] handCpu = new double[turns];
      engineTurn(streaming);
      handTurn(hands, true);
      long framesBefore = frames(engine);
      long batchesBefore = batches(engine);
      for (int turn = 0; turn < turns; turn++) {
        long before = workerCpuNanos();
        long start = System.nanoTime();
        engineFps[turn] = engineTurn(streaming);
        engineCpu[turn] =
            engineFps[turn] * (System.nanoTime() - start) / (workerCpuNanos() - before);
        handCpuNanos.set(0);
        long half = System.nanoTime();
        handFps[turn] = handTurn(hands, true);
        handCpu[turn] = handFps[turn] * (System.nanoTime() - half) / handCpuNanos.get();
        runFps[turn] = handTurn(hands, false);
      }
      double meanBatch =
          (double) (frames(engine) - framesBefore) / (batches(engine) - batchesBefore);
      System.out.printf(
          Locale.ROOT,
          "%5d  %8d  %10.1f  %10.1f  %11.1f  %5.3f  %8.1f  %5.3f  %7.1f  %9.3f%n",
          batch,
          sessions,
          median(engineFps),
          meanBatch,
          median(handFps),
          medianRatio(engineFps, handFps),
          median(runFps),
          medianRatio(engineFps, runFps),
          median(engineCpu),
          medianRatio(engineCpu, handCpu));
      streaming.forEach(session -> session.stream.close());
      hands.forEach(hand -> hand.run.close());
    }
  }

  private static long frames(LocalEngine engine) {
    return engine.models().find("measured").orElseThrow().statistics().frames();
  }

  private static long batches(LocalEngine engine) {
    return engine.models().find("measured").orElseThrow().statistics().batches();
  }

  /** What the engine's workers have had of the processors so far. */
  private static long workerCpuNanos() {
    long nanos = 0;
    for (ThreadInfo thread : THREADS.dumpAllThreads(false, false, 0)) {
      if (thread.getThreadName().startsWith("inference-cpu")) {
        nanos += THREADS.getThreadCpuTime(thread.getThreadId());
      }
    }
    return nanos;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static double medianRatio(double[] ours, double[] theirs) {
    double[] ratios = new double[ours.length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = ours[i] / theirs[i];
    }
    return median(ratios);
  }

  private static double engineTurn(List<Session> sessions) throws InterruptedException {
    long start = System.nanoTime();
    for (Session session : sessions) {
      session.begin();
    }
    Thread.sleep(TURN_NANOS / 1_000_000);
    long computed = 0;
    for (Session session : sessions) {
      computed += session.end();
    }
    return computed * 1e9 / (System.nanoTime() - start);
  }

  private static double handTurn(List<Hand> hands, boolean withPictures)
      throws InterruptedException {
    long start = System.nanoTime();
    AtomicLong computed = new AtomicLong();
    List<Thread> threads = new ArrayList<>();
    for (Hand hand : hands) {
      threads.add(
          Thread.ofPlatform().start(() -> computed.addAndGet(hand.work(start, withPictures))));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return computed.get() * 1e9 / (System.nanoTime() - start);
  }

  private static MouthFrame frame(GeneratorSpec spec, int number, MouthFrame.Done done) {
    Random random = new Random(number);
    float[] window = new float[MouthGenerator.AUDIO_WINDOW_FLOATS];
    for (int i = 0; i < window.length; i++) {
      window[i] = random.nextFloat(5);
    }
    MouthFrame frame = new MouthFrame(spec, Values.UINT8, done);
    frame.show(CROPS, number % CROPS.frameCount());
    frame.hear(window, 0);
    frame.draw(new byte[frame.mouthBytes()], 0);
    return frame;
  }

  /** A session that asks for the next frame as soon as it has one. */
  private static final class Session {
    private final FrameStream stream;
    private final List<MouthFrame> frames = new ArrayList<>();
    private final AtomicLong computed = new AtomicLong();
    private final AtomicLong inEngine = new AtomicLong();
    private final AtomicBoolean goesOn = new AtomicBoolean();

    Session(LocalEngine engine, GeneratorSpec spec, int number) {
      stream =
          switch (engine.open(
              new StreamRequest("measured", "s" + number, Priority.LIVE, 0, AHEAD))) {
            case Admission.Admitted admitted -> admitted.stream();
            case Admission.Unknown _, Admission.Refused _ -> throw new IllegalStateException();
          };
      for (int i = 0; i < AHEAD; i++) {
        frames.add(frame(spec, number * AHEAD + i, this::ended));
      }
    }

    void begin() {
      goesOn.set(true);
      computed.set(0);
      frames.forEach(this::submit);
    }

    private void submit(MouthFrame frame) {
      inEngine.incrementAndGet();
      if (!stream.submit(frame, Long.MAX_VALUE)) {
        throw new IllegalStateException("the queue is full");
      }
    }

    private void ended(
        MouthFrame frame, Outcome outcome, long queueNanos, long serviceNanos, int batch) {
      if (outcome == Outcome.COMPUTED) {
        computed.incrementAndGet();
      }
      if (goesOn.get()) {
        submit(frame);
      }
      if (inEngine.decrementAndGet() == 0) {
        synchronized (inEngine) {
          inEngine.notifyAll();
        }
      }
    }

    /** Stops asking, waits for what is being drawn, and tells how many frames were. */
    long end() throws InterruptedException {
      goesOn.set(false);
      stream.flush();
      synchronized (inEngine) {
        while (inEngine.get() > 0) {
          inEngine.wait();
        }
      }
      return computed.get();
    }
  }

  /** One thread's share of the loop without an engine. */
  private static final class Hand {
    private final NetworkRun run;
    private final int batch;
    private final List<MouthFrame> frames = new ArrayList<>();
    private int next;

    /** As many different frames as the sessions have, for the caches' sake. */
    Hand(Network network, GeneratorSpec spec, int batch, int different) {
      this.batch = batch;
      run = network.newRun();
      for (int i = 0; i < different; i++) {
        frames.add(frame(spec, i, (frame, outcome, queueNanos, serviceNanos, together) -> {}));
      }
    }

    long work(long startNanos, boolean withPictures) {
      long computed = 0;
      while (System.nanoTime() - startNanos < TURN_NANOS) {
        int first = next;
        next = (next + batch) % frames.size();
        for (int i = 0; withPictures && i < batch; i++) {
          MouthFrame frame = frames.get((first + i) % frames.size());
          frame.write(0, run.input(0, i));
          frame.write(1, run.input(1, i));
        }
        run.run(batch);
        for (int i = 0; withPictures && i < batch; i++) {
          frames.get((first + i) % frames.size()).read(0, run.output(0, i));
        }
        computed += batch;
      }
      handCpuNanos.addAndGet(THREADS.getCurrentThreadCpuTime());
      return computed;
    }
  }
}
