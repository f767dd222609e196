package io.lipstream.inference.engine;

import static io.lipstream.inference.engine.Engines.batching;
import static io.lipstream.inference.engine.Engines.oneWorker;
import static io.lipstream.inference.engine.Engines.open;
import static io.lipstream.inference.engine.Engines.status;
import static io.lipstream.inference.engine.Engines.submit;
import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.inference.engine.Engines.HandClock;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.inference.engine.StreamRequest.Priority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who is served when: deadlines, priorities, fairness, and what happens to frames that fail. */
class SchedulingTest {
  private static final long FAR = Long.MAX_VALUE;

  private final List<String> order = Collections.synchronizedList(new ArrayList<>());

  private Numbers named(String name) {
    return Numbers.of(1).onDone(() -> order.add(name));
  }

  private static StreamRequest of(Priority priority) {
    return new StreamRequest("doubles", "test", priority, 0, 1000);
  }

  @Test
  void earliestDeadlineGoesFirst() throws Exception {
    HandClock clock = new HandClock();
    try (LocalEngine engine =
        Engines.start(oneWorker().withBatching(batching(1)), Engines.NETWORKS, clock)) {
      FrameStream holder = open(engine, of(Priority.NORMAL));
      Gate gate = Gate.hold(holder);
      List<Numbers> frames = new ArrayList<>();
      for (int i : new int[] {3, 1, 4, 0, 2}) {
        FrameStream stream = open(engine, of(Priority.NORMAL));
        Numbers frame = named("due " + i);
        frames.add(frame);
        stream.submit(frame, clock.getAsLong() + Duration.ofSeconds(10 + i).toNanos());
      }
      gate.open.countDown();
      for (Numbers frame : frames) {
        assertThat(frame.await()).isEqualTo(Outcome.COMPUTED);
      }
      assertThat(order).containsExactly("due 0", "due 1", "due 2", "due 3", "due 4");
    }
  }

  @Test
  void liveGoesBeforeNormalAndNormalBeforeBulk() throws Exception {
    try (LocalEngine engine = Engines.start(oneWorker().withBatching(batching(1)))) {
      Gate gate = Gate.hold(open(engine, of(Priority.LIVE)));
      List<Numbers> frames = new ArrayList<>();
      for (Priority priority : List.of(Priority.BULK, Priority.NORMAL, Priority.LIVE)) {
        Numbers frame = named(priority.name());
        frames.add(frame);
        submit(open(engine, of(priority)), frame);
      }
      gate.open.countDown();
      for (Numbers frame : frames) {
        frame.await();
      }
      assertThat(order).containsExactly("LIVE", "NORMAL", "BULK");
    }
  }

  @Test
  void batchesAreNoLargerThanItWasToldLast() throws Exception {
    HandClock clock = new HandClock();
    try (LocalEngine engine =
        Engines.start(oneWorker().withBatching(batching(8)), Engines.NETWORKS, clock)) {
      for (int limit : new int[] {3, 8, 20, 1}) {
        engine.limitBatch(limit);
        Gate gate = Gate.hold(open(engine, of(Priority.NORMAL)));
        FrameStream stream = open(engine, of(Priority.NORMAL));
        List<Numbers> frames = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
          frames.add(named("frame"));
          stream.submit(frames.getLast(), FAR);
        }
        gate.open.countDown();
        for (Numbers frame : frames) {
          assertThat(frame.await()).isEqualTo(Outcome.COMPUTED);
          assertThat(frame.batch).isEqualTo(Math.min(limit, 8));
        }
      }
    }
  }

  @Test
  void greedyStreamCannotStarveOthers() throws Exception {
    HandClock clock = new HandClock();
    try (LocalEngine engine =
        Engines.start(oneWorker().withBatching(batching(2)), Engines.NETWORKS, clock)) {
      FrameStream greedy = open(engine, of(Priority.NORMAL));
      List<FrameStream> modest = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        modest.add(open(engine, of(Priority.NORMAL)));
      }
      Gate gate = Gate.hold(open(engine, of(Priority.NORMAL)));
      List<Numbers> frames = new ArrayList<>();
      // All of the greedy one's frames are due before anybody else's.
      for (int i = 0; i < 500; i++) {
        Numbers frame = named("greedy");
        frames.add(frame);
        greedy.submit(frame, clock.getAsLong() + Duration.ofMinutes(1).toNanos());
      }
      for (FrameStream stream : modest) {
        for (int i = 0; i < 5; i++) {
          Numbers frame = named("modest");
          frames.add(frame);
          stream.submit(frame, clock.getAsLong() + Duration.ofMinutes(2).toNanos());
        }
      }
      gate.open.countDown();
      for (Numbers frame : frames) {
        assertThat(frame.await()).isEqualTo(Outcome.COMPUTED);
      }
      // Turn by turn: the modest ones' fifteen frames are among the first twenty or so.
      assertThat(order.subList(0, 24).stream().filter("modest"::equals)).hasSize(15);
    }
  }

  @Test
  void frameWhoseDeadlinePassedIsDroppedAndCounted() throws Exception {
    HandClock clock = new HandClock();
    try (LocalEngine engine =
        Engines.start(oneWorker().withBatching(batching(1)), Engines.NETWORKS, clock)) {
      FrameStream stream = open(engine, "doubles");
      Gate gate = Gate.hold(stream);
      Numbers late = Numbers.of(1);
      Numbers inTime = Numbers.of(2);
      stream.submit(late, clock.getAsLong() + Duration.ofMillis(40).toNanos());
      stream.submit(inTime, clock.getAsLong() + Duration.ofSeconds(40).toNanos());
      clock.forward(Duration.ofSeconds(1));
      gate.open.countDown();
      assertThat(late.await()).isEqualTo(Outcome.LATE);
      assertThat(late.worker).as("computed").isNull();
      assertThat(late.queueNanos).isEqualTo(Duration.ofSeconds(1).toNanos());
      assertThat(inTime.await()).isEqualTo(Outcome.COMPUTED);
      assertThat(status(engine, "doubles").statistics().late()).isEqualTo(1);
    }
  }

  @Test
  void clockThatJumpsBackHarmsNobody() throws Exception {
    HandClock clock = new HandClock();
    try (LocalEngine engine = Engines.start(oneWorker(), Engines.NETWORKS, clock)) {
      FrameStream stream = open(engine, "doubles");
      Gate gate = Gate.hold(stream);
      Numbers waiting = Numbers.of(1);
      stream.submit(waiting, clock.getAsLong() + Duration.ofSeconds(1).toNanos());
      clock.forward(Duration.ofDays(-30));
      gate.open.countDown();
      assertThat(waiting.await()).isEqualTo(Outcome.COMPUTED);
      assertThat(waiting.queueNanos).isZero();
      clock.forward(Duration.ofDays(300));
      Numbers next = Numbers.of(2);
      submit(stream, next);
      assertThat(next.await()).isEqualTo(Outcome.COMPUTED);
    }
  }

  @Test
  void valueThatIsNotANumberFailsItsOwnFrameOnly() throws Exception {
    try (LocalEngine engine = Engines.start(oneWorker())) {
      Gate gate = Gate.hold(open(engine, "roots"));
      Numbers good = Numbers.of(4);
      Numbers bad = Numbers.of(-4);
      Numbers alsoGood = Numbers.of(9);
      for (Numbers frame : List.of(good, bad, alsoGood)) {
        submit(open(engine, "roots"), frame);
      }
      gate.open.countDown();
      assertThat(good.await()).isEqualTo(Outcome.COMPUTED);
      assertThat(bad.await()).isEqualTo(Outcome.NOT_A_NUMBER);
      assertThat(alsoGood.await()).isEqualTo(Outcome.COMPUTED);
      assertThat(good.batch).isEqualTo(3);
      assertThat(good.out[0]).isEqualTo(2);
      assertThat(alsoGood.out[0]).isEqualTo(3);
      assertThat(status(engine, "roots").statistics().failed()).isEqualTo(1);
    }
  }

  @Test
  void callThatFailsIsRepeatedSoThatOnlyTheGuiltyFrameFails() throws Exception {
    try (LocalEngine engine = Engines.start(oneWorker())) {
      Gate gate = Gate.hold(open(engine, "doubles-up-to-six"));
      List<Numbers> frames = new ArrayList<>();
      for (float value : new float[] {1, 2, 7_000, 3}) {
        Numbers frame = Numbers.of(value);
        frames.add(frame);
        submit(open(engine, "doubles-up-to-six"), frame);
      }
      gate.open.countDown();
      for (Numbers frame : frames) {
        boolean guilty = frame.in[0] > 6;
        assertThat(frame.await()).isEqualTo(guilty ? Outcome.FAILED : Outcome.COMPUTED);
        if (!guilty) {
          assertThat(frame.out[0]).isEqualTo(2 * frame.in[0]);
        }
      }
    }
  }

  @Test
  void frameThatThrowsFailsAloneAndTheWorkerServesOn() throws Exception {
    try (LocalEngine engine = Engines.start(oneWorker())) {
      FrameStream stream = open(engine, "doubles");
      Gate gate = Gate.hold(open(engine, "doubles"));
      Numbers tooLong = new Numbers(1, 2, 3, 4, 5);
      Numbers throwsWhenDone =
          Numbers.of(1)
              .onDone(
                  () -> {
                    throw new IllegalStateException("on purpose");
                  });
      Numbers good = Numbers.of(2);
      submit(stream, tooLong);
      submit(stream, throwsWhenDone);
      submit(stream, good);
      gate.open.countDown();
      assertThat(tooLong.await()).isEqualTo(Outcome.FAILED);
      assertThat(good.await()).isEqualTo(Outcome.COMPUTED);
      assertThat(good.out).containsExactly(4, 4.5f, 5, 5.5f);
    }
  }

  @Test
  void framesOfOneStreamEndInTheirOrderWhateverTheWorkers() throws Exception {
    EngineSettings settings =
        EngineSettings.cpu().withDevices(EngineSettings.Devices.cpu().withWorkers(3, 1));
    try (LocalEngine engine = Engines.start(settings)) {
      List<FrameStream> streams = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        streams.add(open(engine, of(Priority.NORMAL)));
      }
      List<List<Integer>> ended = new ArrayList<>();
      List<Numbers> frames = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        ended.add(Collections.synchronizedList(new ArrayList<>()));
      }
      for (int turn = 0; turn < 300; turn++) {
        for (int i = 0; i < 4; i++) {
          int number = turn;
          List<Integer> mine = ended.get(i);
          Numbers frame = Numbers.of(turn).onDone(() -> mine.add(number));
          frames.add(frame);
          streams.get(i).submit(frame, turn % 7 == 3 ? System.nanoTime() - 1 : FAR);
        }
      }
      for (Numbers frame : frames) {
        frame.await();
      }
      for (List<Integer> mine : ended) {
        assertThat(mine).hasSize(300).isSorted();
      }
    }
  }

  @Test
  void paceThatTheDeviceCannotKeepIsRefused() {
    try (LocalEngine engine =
        Engines.start(oneWorker().withBatching(batching(4)), Engines.NETWORKS)) {
      StreamRequest modest = new StreamRequest("doubles-slowly", "test", Priority.LIVE, 0.5, 8);
      StreamRequest impossible =
          new StreamRequest("doubles-slowly", "test", Priority.LIVE, 50_000, 8);
      FrameStream stream = open(engine, modest);
      assertThat(engine.open(impossible))
          .isInstanceOfSatisfying(
              Admission.Refused.class,
              refused -> {
                assertThat(refused.reason()).contains("cpu0").contains("doubles-slowly");
                assertThat(refused.retryAfter()).isPositive();
              });
      stream.close();
      int admitted = 0;
      StreamRequest share = new StreamRequest("doubles-slowly", "test", Priority.LIVE, 10, 8);
      while (engine.open(share) instanceof Admission.Admitted && admitted < 10_000) {
        admitted++;
      }
      // Some, but not any number of them.
      assertThat(admitted).isBetween(1, 9_999);
      // Work without a pace takes what is left.
      assertThat(engine.open(Engines.request("doubles-slowly")))
          .isInstanceOf(Admission.Admitted.class);
    }
  }

  @Test
  void waitsForMoreOnlyWhereItPaysAndTheDeviceIsBusy() {
    ServiceTimes linear = new ServiceTimes(8, 1_000_000, 8_000_000);
    ServiceTimes flat = new ServiceTimes(8, 1_000_000, 1_500_000);
    assertThat(linear.batchesPay()).isFalse();
    assertThat(flat.batchesPay()).isTrue();
  }

  @Test
  void serviceTimesFollowTheDevice() {
    ServiceTimes times = new ServiceTimes(8, 1_000_000, 8_000_000);
    for (int i = 0; i < 200; i++) {
      times.observe(4, 20_000_000);
    }
    assertThat(times.of(4)).isBetween(18_000_000L, 22_000_000L);
    // What was not seen follows: five times slower than it was.
    assertThat(times.of(8)).isBetween(20_000_000L, 80_000_000L);
    for (int i = 0; i < 500; i++) {
      times.doubt();
    }
    assertThat(times.of(4)).isLessThan(5_000_000);
  }
}
