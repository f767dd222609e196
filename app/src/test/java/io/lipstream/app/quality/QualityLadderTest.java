package io.lipstream.app.quality;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class QualityLadderTest {
  private static final long STEP_NANOS = 100_000_000;
  private static final List<QualityLevel> LEVELS =
      List.of(
          new QualityLevel(10, 10, 85, 100, 1),
          new QualityLevel(15, 15, 75, 80, 1),
          new QualityLevel(1000, 25, 70, 60, 1),
          new QualityLevel(1000, 25, 70, 40, 2));

  private final QualityLadder ladder = new QualityLadder(LEVELS, 0.05, 400_000_000);
  private long now = -5_000_000_000L;

  /** Lets tenths of a second pass, each with that many speakers' mouths. */
  private void pass(int steps, int speakers, double lateShare) {
    for (int i = 0; i < steps; i++) {
      now += STEP_NANOS;
      long late = Math.round(20 * lateShare);
      ladder.observe(now, speakers, 20 - late, late);
    }
  }

  /** Tenths of a second until that level holds. */
  private int stepsTo(int index, int speakers, double lateShare) {
    int steps = 0;
    while (ladder.index() != index) {
      pass(1, speakers, lateShare);
      assertThat(++steps).as("steps to level " + index).isLessThan(1000);
    }
    return steps;
  }

  @Test
  void stepsWithTheNumberOfSpeakersAtOnce() {
    int[] speakers = {1, 10, 11, 15, 16, 500};
    int[] levels = {0, 0, 1, 1, 2, 2};
    for (int i = 0; i < speakers.length; i++) {
      pass(1, speakers[i], 0);
      assertThat(ladder.index()).as(speakers[i] + " speakers").isEqualTo(levels[i]);
    }
  }

  @Test
  void skipsLevelsOnTheWayDown() {
    pass(1, 3, 0);
    pass(1, 20, 0);

    assertThat(ladder.level()).isEqualTo(LEVELS.get(2));
  }

  @Test
  void comesBackFromASpikeWithinTwoSeconds() {
    pass(30, 40, 0.5);
    assertThat(ladder.index()).isEqualTo(3);

    assertThat(stepsTo(0, 5, 0)).isBetween(3, 20);
  }

  @Test
  void speakersThatComeAndGoByOneDoNotMoveIt() {
    pass(10, 11, 0);
    for (int i = 0; i < 50; i++) {
      pass(10, 10, 0);
      assertThat(ladder.index()).isEqualTo(1);
      pass(10, 11, 0);
      assertThat(ladder.index()).isEqualTo(1);
    }
    assertThat(stepsTo(0, 9, 0)).isLessThan(10);
  }

  @Test
  void latenessTakesALevelAtATimeWhateverTheNumber() {
    pass(1, 2, 0);
    assertThat(stepsTo(1, 2, 0.1)).isBetween(1, 4);
    assertThat(stepsTo(2, 2, 0.1)).isEqualTo(4);
    assertThat(stepsTo(3, 2, 0.1)).isEqualTo(4);
    pass(50, 2, 0.1);
    assertThat(ladder.index()).isEqualTo(3);
  }

  @Test
  void fewLateMouthsAreNoReason() {
    pass(100, 2, 0.05);

    assertThat(ladder.index()).isZero();
  }

  @Test
  void oneSpeakerWhoseMouthsAreAllLateIsEnough() {
    for (int i = 0; i < 40; i++) {
      now += STEP_NANOS;
      // At half of the pictures, so that a short window holds too few to tell.
      ladder.observe(now, 1, 0, i % 4 == 0 ? 2 : 1);
    }
    assertThat(ladder.index()).isEqualTo(3);
    for (int i = 0; i < 40; i++) {
      now += STEP_NANOS;
      ladder.observe(now, 1, 0, i % 4 == 0 ? 2 : 1);
      assertThat(ladder.index()).isEqualTo(3);
    }
    for (int i = 0; i < 20; i++) {
      now += STEP_NANOS;
      ladder.observe(now, 1, 1, 0);
    }
    assertThat(ladder.index()).isZero();
  }

  @Test
  void aSilentServerLearnsNothingFromOneLateMouth() {
    for (int i = 0; i < 100; i++) {
      now += STEP_NANOS;
      ladder.observe(now, 1, 0, i % 20 == 0 ? 1 : 0);
    }

    assertThat(ladder.index()).isZero();
  }

  @Test
  void waitsLongerEachTimeAnAttemptFails() {
    int[] waits = new int[6];
    for (int i = 0; i < waits.length; i++) {
      stepsTo(1, 2, 0.1);
      waits[i] = stepsTo(0, 2, 0);
    }

    assertThat(waits[1]).isGreaterThan(waits[0]);
    assertThat(waits[2]).isGreaterThan(waits[1]);
    assertThat(waits[5]).isEqualTo(waits[4]).isLessThanOrEqualTo(80);
  }

  @Test
  void attemptsThatFailedInASpikeDoNotDelayTheWayBackAfterIt() {
    for (int i = 0; i < 4; i++) {
      stepsTo(1, 8, 0.1);
      stepsTo(0, 8, 0);
    }
    stepsTo(3, 8, 0.1);

    assertThat(stepsTo(0, 2, 0)).isBetween(3, 20);
  }

  @Test
  void forgetsFailedAttemptsAfterALongCalm() {
    for (int i = 0; i < 4; i++) {
      stepsTo(1, 2, 0.1);
      stepsTo(0, 2, 0);
    }
    pass(200, 2, 0);
    pass(1, 11, 0);
    pass(20, 2, 0);
    stepsTo(1, 2, 0.1);

    assertThat(stepsTo(0, 2, 0)).isLessThan(16);
  }

  @Test
  void neighboursOfALevelEndAtTheEnds() {
    pass(1, 12, 0);

    assertThat(ladder.level(-1)).isEqualTo(LEVELS.get(0));
    assertThat(ladder.level(-9)).isEqualTo(LEVELS.get(0));
    assertThat(ladder.level(9)).isEqualTo(LEVELS.get(3));
  }

  @Test
  void theScoreFallsWithEachLevel() {
    assertThat(LEVELS.stream().map(QualityLevel::score)).containsExactly(100.0, 80.0, 60.0, 20.0);
  }
}
