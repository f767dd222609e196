package io.lipstream.app.load;

import java.util.Random;

/** When one session speaks and what. Owned by the session's thread. */
final class Turns {
  private final double duty;
  private final double uneven;
  private final double firstRestSeconds;
  private final Random random;

  private Turns(double duty, double uneven, double firstRestSeconds, Random random) {
    this.duty = duty;
    this.uneven = uneven;
    this.firstRestSeconds = firstRestSeconds;
    this.random = random;
  }

  /**
   * In turn with others that have other phases, from 0 to 1. All say the first sentence, so that it
   * stays so.
   *
   * @param sentenceSeconds that it takes
   */
  static Turns even(double duty, double phase, double sentenceSeconds) {
    return new Turns(duty, 0, phase * sentenceSeconds / duty, new Random(0));
  }

  /**
   * At random moments, from the first on as often as ever after: rests are half more or less.
   *
   * @param sentenceSeconds that sentences take in the mean
   */
  static Turns random(double duty, double sentenceSeconds, Random random) {
    double mean = sentenceSeconds * (1 - duty) / duty;
    double rest;
    // One looks into a long round more often than into a short one.
    do {
      rest = mean * (0.5 + random.nextDouble());
    } while (random.nextDouble() * (1.5 * mean + sentenceSeconds) > rest + sentenceSeconds);
    double left = rest - random.nextDouble() * (rest + sentenceSeconds);
    // Below 0 a sentence has begun before; what is left of it is not said.
    double first = left < 0 ? sentenceSeconds + left + mean * (0.5 + random.nextDouble()) : left;
    return new Turns(duty, 0.5, first, random);
  }

  /** Before the first sentence. */
  double firstRestSeconds() {
    return firstRestSeconds;
  }

  /** After a sentence that was heard for so long. */
  double restSeconds(double heardSeconds) {
    double share = 1 + uneven * (2 * random.nextDouble() - 1);
    return heardSeconds * (1 - duty) / duty * share;
  }

  /** Which sentence comes next. */
  int sentence() {
    return uneven == 0 ? 0 : random.nextInt(Sentences.count());
  }
}
