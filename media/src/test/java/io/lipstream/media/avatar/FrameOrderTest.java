package io.lipstream.media.avatar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FrameOrderTest {

  @Test
  void pingPongStartsAtOneAndTurnsWithoutShowingAnEndTwice() {
    assertThat(IntStream.range(0, 16).map(k -> FrameOrder.PING_PONG.index(k, 5)))
        .containsExactly(1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1, 0);
  }

  @Test
  void cyclicStartsOverAfterTheLastFrame() {
    assertThat(IntStream.range(0, 7).map(k -> FrameOrder.CYCLIC.index(k, 3)))
        .containsExactly(0, 1, 2, 0, 1, 2, 0);
  }

  @Test
  void everythingComesRoundAgainAfterAPeriod() {
    for (FrameOrder order : FrameOrder.values()) {
      for (int frameCount : new int[] {1, 2, 5}) {
        int period = order.period(frameCount);
        for (int k = 0; k < 40; k++) {
          assertThat(order.index(k + period, frameCount)).isEqualTo(order.index(k, frameCount));
        }
      }
    }
    assertThat(FrameOrder.PING_PONG.period(80)).isEqualTo(158);
  }

  @Test
  void oneFrameIsAlwaysShown() {
    for (FrameOrder order : FrameOrder.values()) {
      assertThat(order.index(0, 1)).isZero();
      assertThat(order.index(7, 1)).isZero();
    }
  }

  @Test
  void yearsOfOutputStayInRange() {
    for (FrameOrder order : FrameOrder.values()) {
      assertThat(order.index(Long.MAX_VALUE - 1, 250)).isBetween(0, 249);
    }
  }

  @Test
  void refusesAvatarsWithoutFrames() {
    assertThatThrownBy(() -> FrameOrder.CYCLIC.index(3, 0))
        .hasMessageContaining("avatar of 0 frames");
  }
}
