package io.lipstream.app.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

final class TurnsTest {
  private static final int SESSIONS = 4_000;
  private static final double DUTY = 0.2;
  private static final double SENTENCE_SECONDS = 5;

  /** How many of all sessions speak at each second of a minute and a half. */
  private static int[] speaking(IntFunction<Turns> turns) {
    int[] speaking = new int[90];
    for (int i = 0; i < SESSIONS; i++) {
      Turns own = turns.apply(i);
      double at = own.firstRestSeconds();
      while (at < speaking.length) {
        double end = at + SENTENCE_SECONDS;
        for (int second = (int) Math.ceil(at); second < Math.min(end, speaking.length); second++) {
          speaking[second]++;
        }
        at = end + own.restSeconds(SENTENCE_SECONDS);
      }
    }
    return speaking;
  }

  @Test
  void asManySpeakAtAnyTimeAsTheirShareOfTimeSays() {
    Random seeds = new Random(3);
    int[] random =
        speaking(_ -> Turns.random(DUTY, SENTENCE_SECONDS, new Random(seeds.nextLong())));
    int[] even = speaking(i -> Turns.even(DUTY, (double) i / SESSIONS, SENTENCE_SECONDS));
    // From the end of the first sentence on: nobody is in the middle of one at the beginning.
    for (int second = 6; second < random.length; second++) {
      assertThat((double) random[second]).isCloseTo(DUTY * SESSIONS, within(100.0));
      assertThat((double) even[second]).isCloseTo(DUTY * SESSIONS, within(2.0));
    }
  }
}
