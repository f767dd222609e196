package io.lipstream.app.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class WatchedTest {
  private static final long FRAME = Watched.FRAME_NANOS;
  private static final long SECOND = 1_000_000_000L;

  /** Where the sender's clock stands when ours is at 0. */
  private static final long SENDER = 77 * SECOND;

  /** Pictures of these frames, each this much after its moment. */
  private static Watched watched(long[] frames, long lateNanos) {
    long[] arrivals = LongStream.of(frames).map(frame -> frame * FRAME + lateNanos).toArray();
    long[] presentations = LongStream.of(frames).map(frame -> SENDER + frame * FRAME).toArray();
    return new Watched(
        new Arrivals(arrivals, presentations, new long[0], new long[0], new long[0]),
        0,
        4 * SECOND);
  }

  private static long[] frames(int from, int to) {
    return LongStream.range(from, to).toArray();
  }

  @Test
  void anEvenStreamHasTwentyFiveFramesInEverySecond() {
    Watched even = watched(frames(0, 100), 3_000_000);
    assertThat(even.framesPerSecond()).containsExactly(25, 25);
    assertThat(even.missing()).isZero();
    assertThat(even.doubled()).isZero();
    assertThat(even.freezes()).isZero();
    assertThat(even.pictures()).isEqualTo(100);
  }

  @Test
  void aPictureThatCrossesTheBoundsOfASecondIsNoLoss() {
    Watched even = watched(frames(0, 100), 39_999_999);
    assertThat(even.framesPerSecond()).containsExactly(25, 25);
  }

  @Test
  void framesThatNeverCameAreMissing() {
    long[] gap = LongStream.concat(LongStream.range(0, 30), LongStream.range(40, 100)).toArray();
    Watched lossy = watched(gap, 0);
    assertThat(lossy.missing()).isEqualTo(10);
    assertThat(lossy.freezes()).isEqualTo(1);
    assertThat(lossy.framesPerSecond()).containsExactly(20, 25);
  }

  @Test
  void aPictureThatCameTwiceIsDoubled() {
    long[] twice = {0, 1, 2, 2, 3};
    assertThat(watched(twice, 0).doubled()).isEqualTo(1);
    assertThat(watched(twice, 0).missing()).isZero();
  }

  @Test
  void whatDoesNotComeAtAllIsAFreeze() {
    assertThat(watched(frames(0, 2), 0).freezes()).isEqualTo(1);
    assertThat(watched(new long[0], 0).freezes()).isEqualTo(1);
  }

  @Test
  void latenessIsCountedFromTheQuickestPicture() {
    long[] arrivals = {5 * FRAME + 2_000_000, 6 * FRAME + 32_000_000};
    long[] presentations = {SENDER + 5 * FRAME, SENDER + 6 * FRAME};
    Watched two =
        new Watched(
            new Arrivals(arrivals, presentations, new long[0], new long[0], new long[0]),
            0,
            SECOND);
    assertThat(two.latenessMillis().toArray()).containsExactly(0, 30);
  }

  @Test
  void skewIsAgainstTheSoundThatCameLast() {
    long[] pictures = {10 * FRAME + 20_000_000};
    long[] sounds = {10 * FRAME + 5_000_000, 11 * FRAME};
    Watched one =
        new Watched(
            new Arrivals(
                pictures,
                new long[] {SENDER + 10 * FRAME},
                sounds,
                new long[] {SENDER + 10 * FRAME, SENDER + 11 * FRAME},
                new long[0]),
            0,
            SECOND);
    assertThat(one.skewMillis().toArray()).hasSize(1);
    assertThat(one.skewMillis().sum()).isCloseTo(15, within(1e-6));
  }
}
