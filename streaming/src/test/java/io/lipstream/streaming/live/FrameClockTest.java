package io.lipstream.streaming.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class FrameClockTest {
  private static final long MILLI = 1_000_000;

  private long nowNanos = 1_000 * MILLI;
  private final FrameClock clock = new FrameClock("test", 1, 25, () -> nowNanos);
  private final List<Long> frames = new ArrayList<>();

  private long turnAt(long millis) {
    nowNanos = millis * MILLI;
    return clock.lane(0).turn(nowNanos);
  }

  @Test
  void callsAtTheFixedMomentsOfTheFrames() {
    List<Long> moments = new ArrayList<>();
    clock.add(
        (frame, ptsNanos) -> {
          frames.add(frame);
          moments.add(ptsNanos);
        });
    assertThat(turnAt(1_000)).isEqualTo(40 * MILLI);
    assertThat(turnAt(1_039)).isEqualTo(MILLI);
    assertThat(turnAt(1_041)).isEqualTo(39 * MILLI);
    assertThat(turnAt(1_080)).isEqualTo(40 * MILLI);
    assertThat(frames).containsExactly(0L, 1L, 2L);
    assertThat(moments).containsExactly(1_000 * MILLI, 1_040 * MILLI, 1_080 * MILLI);
    assertThat(clock.skippedFrames()).isZero();
  }

  @Test
  void skipsAndCountsWhatItIsTooLateFor() {
    clock.add((frame, ptsNanos) -> frames.add(frame));
    turnAt(1_000);
    assertThat(turnAt(1_175)).isEqualTo(25 * MILLI);
    assertThat(frames).containsExactly(0L, 4L);
    assertThat(clock.skippedFrames()).isEqualTo(3);
  }

  @Test
  void whoFailsDisturbsNobodyAndWhoLeftIsNotCalled() {
    clock.add(
        (frame, ptsNanos) -> {
          throw new IllegalStateException("as the test wants");
        });
    FrameClock.Registration registration = clock.add((frame, ptsNanos) -> frames.add(frame));
    turnAt(1_000);
    turnAt(1_040);
    registration.close();
    registration.close();
    turnAt(1_080);
    assertThat(frames).containsExactly(0L, 1L);
  }

  @Test
  void momentsOfFramesNeverDriftAtRatesThatDoNotDivideASecond() {
    FrameClock thirty = new FrameClock("test", 1, 30, () -> 0);
    assertThat(thirty.ptsNanos(30L * 3600 * 24)).isEqualTo(86_400_000 * MILLI);
    for (long frame = 0; frame < 10_000; frame++) {
      assertThat(thirty.frameAt(thirty.ptsNanos(frame))).isEqualTo(frame);
      assertThat(thirty.frameAt(thirty.ptsNanos(frame) - 1)).isEqualTo(frame - 1);
    }
  }

  @Test
  void itsThreadsShareTheWork() throws InterruptedException {
    CountDownLatch called = new CountDownLatch(8);
    List<String> names = java.util.Collections.synchronizedList(new ArrayList<>());
    try (FrameClock running = FrameClock.start("shared", 2, 100, System::nanoTime)) {
      for (int i = 0; i < 8; i++) {
        boolean[] first = {true};
        running.add(
            (frame, ptsNanos) -> {
              if (first[0]) {
                first[0] = false;
                names.add(Thread.currentThread().getName());
                called.countDown();
              }
            });
      }
      assertThat(called.await(60, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(names).filteredOn("shared-0"::equals).hasSize(4);
    assertThat(names).filteredOn("shared-1"::equals).hasSize(4);
  }
}
