package io.lipstream.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.inference.engine.EngineSettings.Batching;
import io.lipstream.inference.engine.StreamRequest.Priority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/** Engines for tests, over a folder of tiny networks. */
final class Engines {
  static final Path NETWORKS = Path.of("src", "test", "resources", "networks");

  private Engines() {}

  /** One device with one worker, so that the order of batches is the engine's decision alone. */
  static EngineSettings oneWorker() {
    return EngineSettings.cpu().withDevices(EngineSettings.Devices.cpu().withWorkers(1, 1));
  }

  static Batching batching(int maxFrames) {
    return new Batching(maxFrames, Duration.ofMillis(30), List.of());
  }

  static LocalEngine start(EngineSettings settings) {
    return start(settings, NETWORKS);
  }

  static LocalEngine start(EngineSettings settings, Path root) {
    return start(settings, root, System::nanoTime);
  }

  static LocalEngine start(EngineSettings settings, Path root, LongSupplier clock) {
    return LocalEngine.start(settings, Catalogue.below(root, Map.of()), EngineEvents.NONE, clock);
  }

  static StreamRequest request(String model) {
    return new StreamRequest(model, "test", Priority.NORMAL, 0, 64);
  }

  static FrameStream open(Engine engine, String model) {
    return open(engine, request(model));
  }

  static FrameStream open(Engine engine, StreamRequest request) {
    Admission admission = engine.open(request);
    assertThat(admission).isInstanceOf(Admission.Admitted.class);
    return ((Admission.Admitted) admission).stream();
  }

  static void submit(FrameStream stream, Numbers frame) {
    assertThat(stream.submit(frame, Long.MAX_VALUE)).isTrue();
  }

  /** Copies a network under several ids. */
  static void copies(Path root, String network, String prefix, int count) throws IOException {
    byte[] bytes = Files.readAllBytes(NETWORKS.resolve(network + ".onnx"));
    for (int i = 0; i < count; i++) {
      Files.write(root.resolve(prefix + i + ".onnx"), bytes);
    }
  }

  /** Waits until something is so, a minute at most. */
  static void await(BooleanSupplier condition) {
    for (long start = System.nanoTime(); !condition.getAsBoolean(); ) {
      assertThat(System.nanoTime() - start).isLessThan(Duration.ofMinutes(1).toNanos());
      LockSupport.parkNanos(1_000_000);
    }
  }

  static ModelStatus status(Engine engine, String model) {
    return engine.models().find(model).orElseThrow();
  }

  /** A clock that only the test moves. */
  static final class HandClock implements LongSupplier {
    final AtomicLong nanos = new AtomicLong(1_000_000_000_000L);

    @Override
    public long getAsLong() {
      return nanos.get();
    }

    void forward(Duration duration) {
      nanos.addAndGet(duration.toNanos());
    }
  }
}
