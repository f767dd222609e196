package io.lipstream.app.quality;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class HeadroomTest {
  private static final long STEP_NANOS = 100_000_000;

  private final Headroom headroom = new Headroom(2, 20);
  private long now = -1_000_000_000_000L;
  private double cpu;

  private void pass(double seconds, int sessions, int speakers, double coresEach) {
    for (int i = 0; i < seconds * 10; i++) {
      now += STEP_NANOS;
      cpu += speakers * coresEach * STEP_NANOS;
      headroom.observe(now, (long) cpu, sessions, speakers);
    }
  }

  @Test
  void learnsWhatASpeakerTakes() {
    pass(60, 4, 2, 0.4);

    assertThat(headroom.speakerCores()).isBetween(0.39, 0.41);
  }

  @Test
  void keepsAFifthOfTheMachineFree() {
    pass(60, 3, 3, 0.4); // 1.2 of 2 cores; one more makes 1.6.
    assertThat(headroom.canSpeak()).isTrue();

    pass(60, 4, 4, 0.4);
    assertThat(headroom.canSpeak()).isFalse();
    assertThat(headroom.refusal(4)).hasValueSatisfying(text -> assertThat(text).contains("0.40"));
  }

  @Test
  void hasRoomAgainSoonAfterASpike() {
    pass(60, 8, 4, 0.5);
    assertThat(headroom.canSpeak()).isFalse();

    pass(2, 8, 1, 0.5);

    assertThat(headroom.canSpeak()).isTrue();
  }

  @Test
  void countsSilentSessionsByTheTimeThatSessionsSpeak() {
    pass(200, 10, 2, 0.4); // A fifth of the time: 20 sessions make 1.6 cores.

    assertThat(headroom.refusal(18)).isEmpty();
    assertThat(headroom.refusal(20)).isPresent();
  }

  @Test
  void theFirstSessionAndTheFirstSpeakerAreNeverRefused() {
    pass(60, 1, 1, 2);
    pass(0.2, 0, 0, 0);

    assertThat(headroom.refusal(0)).isEmpty();
    assertThat(headroom.canSpeak()).isTrue();
  }

  @Test
  void whatIsDoneWhileNobodySpeaksIsNoReasonToRefuse() {
    for (int i = 0; i < 100; i++) {
      now += STEP_NANOS;
      cpu += 2.0 * STEP_NANOS;
      headroom.observe(now, (long) cpu, 3, 0);
    }

    assertThat(headroom.refusal(3)).isEmpty();
    assertThat(headroom.canSpeak()).isTrue();
  }

  @Test
  void withoutHeadroomEverybodyIsAdmitted() {
    Headroom open = new Headroom(1, 0);
    open.observe(0, 0, 50, 50);
    open.observe(1_000_000_000, 1_000_000_000, 50, 50);

    assertThat(open.refusal(1000)).isEmpty();
    assertThat(open.canSpeak()).isTrue();
  }
}
