package io.lipstream.inference.engine;

import static io.lipstream.inference.engine.Engines.await;
import static io.lipstream.inference.engine.Engines.copies;
import static io.lipstream.inference.engine.Engines.oneWorker;
import static io.lipstream.inference.engine.Engines.open;
import static io.lipstream.inference.engine.Engines.status;
import static io.lipstream.inference.engine.Engines.submit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.inference.Networks;
import io.lipstream.inference.engine.EngineSettings.Assignment;
import io.lipstream.inference.engine.EngineSettings.Capacity;
import io.lipstream.inference.engine.EngineSettings.Devices;
import io.lipstream.inference.engine.EngineSettings.Eviction;
import io.lipstream.inference.engine.EngineSettings.ModelSettings;
import io.lipstream.inference.engine.Engines.HandClock;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.inference.engine.ModelStatus.State;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is loaded where and what has to go. */
class ResidencyTest {
  @TempDir Path root;

  private static EngineSettings atMost(int models, Eviction eviction) {
    return oneWorker()
        .withCapacity(new Capacity(models, Long.MAX_VALUE, eviction, Duration.ZERO, 1 << 20));
  }

  private static List<String> loaded(Engine engine) {
    return engine.models().list().stream()
        .filter(model -> model.state() == State.READY)
        .map(ModelStatus::id)
        .toList();
  }

  private static void use(Engine engine, String model) throws Exception {
    try (FrameStream stream = open(engine, model)) {
      Numbers frame = Numbers.of(1);
      submit(stream, frame);
      assertThat(frame.await()).isEqualTo(Outcome.COMPUTED);
    }
  }

  @Test
  void nothingIsLoadedBeforeItIsUsedButWhatIsPreloaded() throws Exception {
    copies(root, "doubles", "m", 3);
    EngineSettings settings =
        oneWorker()
            .withModels(
                Map.of("m1", new ModelSettings(true, -1, Optional.empty(), Optional.empty())));
    try (LocalEngine engine = Engines.start(settings, root)) {
      await(() -> status(engine, "m1").state() == State.READY);
      assertThat(loaded(engine)).containsExactly("m1");
      use(engine, "m2");
      assertThat(loaded(engine)).containsExactly("m1", "m2");
      assertThat(status(engine, "m2").device()).contains("cpu0");
      assertThat(status(engine, "m2").bytes()).isPositive();
      assertThat(status(engine, "m2").shape()).isPresent();
    }
  }

  @Test
  void leastRecentlyUsedGoesFirst() throws Exception {
    copies(root, "doubles", "m", 3);
    try (LocalEngine engine = Engines.start(atMost(2, Eviction.LRU), root)) {
      use(engine, "m0");
      use(engine, "m0");
      use(engine, "m1");
      use(engine, "m0");
      use(engine, "m2");
      assertThat(loaded(engine)).containsExactly("m0", "m2");
      assertThat(status(engine, "m1").statistics().evictions()).isEqualTo(1);
    }
  }

  @Test
  void leastFrequentlyUsedGoesFirst() throws Exception {
    copies(root, "doubles", "m", 3);
    try (LocalEngine engine = Engines.start(atMost(2, Eviction.LFU), root)) {
      use(engine, "m0");
      use(engine, "m1");
      use(engine, "m1");
      use(engine, "m0");
      use(engine, "m0");
      use(engine, "m1");
      use(engine, "m1");
      use(engine, "m2");
      assertThat(loaded(engine)).containsExactly("m1", "m2");
    }
  }

  @Test
  void modelInUseStaysAndTheNewOneIsRefused() throws Exception {
    copies(root, "doubles", "m", 2);
    try (LocalEngine engine = Engines.start(atMost(1, Eviction.LRU), root)) {
      FrameStream stream = open(engine, "m0");
      assertThat(engine.open(Engines.request("m1")))
          .isInstanceOfSatisfying(
              Admission.Refused.class, refused -> assertThat(refused.reason()).contains("in use"));
      assertThatThrownBy(() -> engine.models().load("m1", false))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("no room for model m1");
      Numbers frame = Numbers.of(1);
      submit(stream, frame);
      assertThat(frame.await()).isEqualTo(Outcome.COMPUTED);
      stream.close();
      use(engine, "m1");
      assertThat(loaded(engine)).containsExactly("m1");
    }
  }

  @Test
  void deviceBudgetIsKeptByMeasuredBytes() throws Exception {
    copies(root, "doubles-slowly", "m", 9);
    for (int i = 0; i < 12; i++) {
      Files.copy(Networks.tinyGenerator(), root.resolve("face" + i + ".onnx"));
    }
    long one;
    try (LocalEngine engine = Engines.start(oneWorker(), root)) {
      // The middle one: what the compiler takes or gives back meanwhile is measured too.
      List<Long> measured = new ArrayList<>();
      for (int i = 0; i < 9; i++) {
        use(engine, "m" + i);
        measured.add(status(engine, "m" + i).bytes());
      }
      measured.sort(null);
      // At least the activations of a batch of eight, which the runtime keeps: two of 512 kB.
      assertThat(measured.get(4)).isGreaterThan(1 << 20);
      // One so large that the compiler's share is nothing beside it.
      use(engine, "face0");
      one = status(engine, "face0").bytes();
    }
    long budget = one * 5;
    EngineSettings settings =
        oneWorker().withDevices(Devices.cpu().withWorkers(1, 1).withCount(1, budget));
    try (LocalEngine engine = Engines.start(settings, root)) {
      for (int i = 0; i < 12; i++) {
        use(engine, "face" + i);
        assertThat(engine.models().devices().getFirst().usedBytes()).isBetween(1L, budget);
      }
      assertThat(loaded(engine).size()).isBetween(2, 11);
    }
  }

  @Test
  void modelLargerThanItsDeviceIsRefusedAndFreed() throws Exception {
    copies(root, "doubles-slowly", "m", 1);
    EngineSettings settings =
        oneWorker().withDevices(Devices.cpu().withWorkers(1, 1).withCount(1, 100_000));
    try (LocalEngine engine = Engines.start(settings, root)) {
      assertThat(engine.open(Engines.request("m0"))).isInstanceOf(Admission.Refused.class);
      assertThat(engine.models().devices().getFirst().usedBytes()).isZero();
    }
  }

  @Test
  void devicesTakeTurnsOrTheLeastLoadedTakesIt() throws Exception {
    copies(root, "doubles", "m", 6);
    Devices three = Devices.cpu().withWorkers(1, 1).withCount(3, 1L << 30);
    for (Assignment assignment : Assignment.values()) {
      EngineSettings settings = oneWorker().withDevices(three.withAssignment(assignment));
      try (LocalEngine engine = Engines.start(settings, root)) {
        for (int i = 0; i < 6; i++) {
          engine.models().load("m" + i, false);
        }
        // By turns exactly; by free memory about, as sizes are measured.
        assertThat(engine.models().devices())
            .extracting(DeviceStatus::models)
            .allMatch(models -> assignment == Assignment.ROUND_ROBIN ? models == 2 : models > 0);
      }
    }
  }

  @Test
  void leastLoadedCountsPromisedPaceBeforeMemory() throws Exception {
    copies(root, "doubles-slowly", "slow", 1);
    copies(root, "doubles", "m", 3);
    Devices two = Devices.cpu().withWorkers(1, 1).withCount(2, 1L << 30);
    try (LocalEngine engine = Engines.start(oneWorker().withDevices(two), root)) {
      open(engine, new StreamRequest("slow0", "test", Priority.LIVE, 40, 8));
      String busy = status(engine, "slow0").device().orElseThrow();
      for (int i = 0; i < 3; i++) {
        engine.models().load("m" + i, false);
        assertThat(status(engine, "m" + i).device()).isPresent().get().isNotEqualTo(busy);
      }
    }
  }

  @Test
  void preferredDeviceIsTaken() throws Exception {
    copies(root, "doubles", "m", 1);
    Devices three = Devices.cpu().withWorkers(1, 1).withCount(3, 1L << 30);
    EngineSettings settings =
        oneWorker()
            .withDevices(three)
            .withModels(
                Map.of("m0", new ModelSettings(false, 2, Optional.empty(), Optional.empty())));
    try (LocalEngine engine = Engines.start(settings, root)) {
      use(engine, "m0");
      assertThat(status(engine, "m0").device()).contains("cpu2");
    }
    EngineSettings beyond = settings.withDevices(three.withCount(2, 1L << 30));
    assertThatThrownBy(() -> Engines.start(beyond, root))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("preferred_gpu is 2, of 2 devices");
  }

  @Test
  void idleModelIsFreedAndItsStatisticsStay() throws Exception {
    copies(root, "doubles", "m", 2);
    HandClock clock = new HandClock();
    EngineSettings settings =
        oneWorker()
            .withCapacity(
                new Capacity(10, Long.MAX_VALUE, Eviction.LRU, Duration.ofMinutes(5), 1 << 20));
    try (LocalEngine engine = Engines.start(settings, root, clock)) {
      use(engine, "m0");
      FrameStream held = open(engine, "m1");
      clock.forward(Duration.ofMinutes(6));
      await(() -> status(engine, "m0").state() == State.UNLOADED);
      assertThat(loaded(engine)).containsExactly("m1");
      ModelStatistics statistics = status(engine, "m0").statistics();
      assertThat(statistics.frames()).isEqualTo(1);
      assertThat(statistics.loads()).isEqualTo(1);
      assertThat(statistics.evictions()).isEqualTo(1);
      held.close();
      use(engine, "m0");
      assertThat(status(engine, "m0").statistics().frames()).isEqualTo(2);
    }
  }

  @Test
  void unloadWaitsForTheLastUser() throws Exception {
    copies(root, "doubles", "m", 1);
    try (LocalEngine engine = Engines.start(oneWorker(), root)) {
      assertThat(engine.models().unload("m0")).isFalse();
      FrameStream stream = open(engine, "m0");
      Gate gate = Gate.hold(stream);
      assertThat(engine.models().unload("m0")).isTrue();
      assertThat(status(engine, "m0").state()).isEqualTo(State.UNLOADING);
      gate.open.countDown();
      assertThat(gate.await()).isEqualTo(Outcome.COMPUTED);
      Numbers next = Numbers.of(2);
      submit(stream, next);
      assertThat(next.await()).isEqualTo(Outcome.COMPUTED);
      stream.close();
      await(() -> status(engine, "m0").state() == State.UNLOADED);
      assertThat(engine.models().devices().getFirst().usedBytes()).isZero();
    }
  }

  @Test
  void forcedReloadSwapsWithoutDroppingAFrame() throws Exception {
    copies(root, "doubles", "m", 1);
    try (LocalEngine engine = Engines.start(oneWorker(), root)) {
      FrameStream stream = open(engine, "m0");
      AtomicBoolean stop = new AtomicBoolean();
      AtomicInteger frames = new AtomicInteger();
      List<Outcome> bad = new ArrayList<>();
      List<Float> factors = new ArrayList<>();
      Thread talker =
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (!stop.get()) {
                      Numbers frame = Numbers.of(1);
                      submit(stream, frame);
                      Outcome outcome = frame.outcome.join();
                      if (outcome != Outcome.COMPUTED) {
                        bad.add(outcome);
                      }
                      if (factors.isEmpty() || factors.getLast() != frame.out[0]) {
                        factors.add(frame.out[0]);
                      }
                      frames.incrementAndGet();
                    }
                  });
      await(() -> frames.get() > 0);
      for (int round = 0; round < 10; round++) {
        String network = round % 2 == 0 ? "triples" : "doubles";
        replace("m0", network);
        engine.models().load("m0", true);
        int before = frames.get();
        await(() -> frames.get() >= before + 20);
      }
      stop.set(true);
      talker.join();
      assertThat(bad).isEmpty();
      assertThat(factors).containsExactly(2f, 3f, 2f, 3f, 2f, 3f, 2f, 3f, 2f, 3f, 2f);
      assertThat(status(engine, "m0").statistics().loads()).isEqualTo(11);
    }
  }

  @Test
  void reloadOfABrokenOrOtherNetworkLeavesTheOldOneServing() throws Exception {
    copies(root, "doubles", "m", 1);
    try (LocalEngine engine = Engines.start(oneWorker(), root)) {
      FrameStream stream = open(engine, "m0");
      replace("m0", "two-ways");
      assertThatThrownBy(() -> engine.models().load("m0", true))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("has other tensors");
      Files.writeString(root.resolve("m0.onnx"), "no network");
      assertThatThrownBy(() -> engine.models().load("m0", true))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("not an ONNX file");
      Numbers frame = Numbers.of(1);
      submit(stream, frame);
      assertThat(frame.await()).isEqualTo(Outcome.COMPUTED);
      assertThat(status(engine, "m0").state()).isEqualTo(State.READY);
    }
  }

  private void replace(String id, String network) throws IOException {
    Path next = Files.copy(Engines.NETWORKS.resolve(network + ".onnx"), root.resolve("next.tmp"));
    Files.move(next, root.resolve(id + ".onnx"), StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void manyCallersWaitForOneLoad() throws Exception {
    copies(root, "doubles-slowly", "m", 1);
    try (LocalEngine engine = Engines.start(oneWorker(), root);
        ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Outcome>> results = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        results.add(
            callers.submit(
                () -> {
                  try (FrameStream stream = open(engine, "m0")) {
                    Numbers frame = Numbers.of(1);
                    submit(stream, frame);
                    return frame.await();
                  }
                }));
      }
      for (Future<Outcome> result : results) {
        assertThat(result.get()).isEqualTo(Outcome.COMPUTED);
      }
      assertThat(status(engine, "m0").statistics().loads()).isEqualTo(1);
      assertThat(status(engine, "m0").statistics().frames()).isEqualTo(1000);
      assertThat(status(engine, "m0").streams()).isZero();
    }
  }

  @Test
  void evictionUnderLoadNeverClosesWhatIsUsed() throws Exception {
    copies(root, "doubles", "m", 12);
    try (LocalEngine engine =
            Engines.start(
                atMost(3, Eviction.LRU).withDevices(Devices.cpu().withWorkers(2, 1)), root);
        ExecutorService callers = Executors.newFixedThreadPool(3)) {
      List<Future<Integer>> results = new ArrayList<>();
      for (int caller = 0; caller < 3; caller++) {
        int first = caller;
        results.add(callers.submit(() -> useInTurn(engine, first)));
      }
      for (Future<Integer> result : results) {
        // Two others use at most two models: there is always room for one.
        assertThat(result.get()).isEqualTo(60);
      }
      assertThat(loaded(engine)).hasSizeLessThanOrEqualTo(3);
      long evictions =
          engine.models().list().stream().mapToLong(m -> m.statistics().evictions()).sum();
      assertThat(evictions).isGreaterThan(20);
    }
  }

  private static int useInTurn(Engine engine, int first) throws Exception {
    int served = 0;
    for (int turn = 0; turn < 60; turn++) {
      use(engine, "m" + (first * 5 + turn * 7) % 12);
      served++;
    }
    return served;
  }

  @Test
  void fileThatWasMendedLoads() throws Exception {
    Files.writeString(root.resolve("m0.onnx"), "no network");
    try (LocalEngine engine = Engines.start(oneWorker(), root)) {
      assertThatThrownBy(() -> engine.open(Engines.request("m0")))
          .isInstanceOf(LipstreamException.class);
      replace("m0", "doubles");
      engine.models().load("m0", true);
      use(engine, "m0");
      assertThat(status(engine, "m0").failure()).isEmpty();
    }
  }

  @Test
  void newFileIsFoundAtOnce() throws Exception {
    try (LocalEngine engine = Engines.start(oneWorker(), root)) {
      assertThat(engine.models().list()).isEmpty();
      copies(root, "doubles", "m", 1);
      use(engine, "m0");
      assertThat(loaded(engine)).containsExactly("m0");
    }
  }
}
