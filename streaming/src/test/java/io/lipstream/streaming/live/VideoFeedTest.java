package io.lipstream.streaming.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.media.picture.I420Frame;
import io.lipstream.streaming.file.TestPictures;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class VideoFeedTest {
  private static final int WIDTH_PX = 128;
  private static final int HEIGHT_PX = 96;
  private static final long FRAME_NANOS = 40_000_000;
  private static final BitrateRange BITRATES = new BitrateRange(400_000, 100_000, 1_000_000);

  /** Goes five times into the ten seconds that are recorded, in two parts of 125. */
  private static final int LOOP_PICTURES = 50;

  /** Pictures of a feed carry its mark in their highest bits. */
  private static final int MARK = 1 << 12;

  private final List<AutoCloseable> opened = new ArrayList<>();

  /** Decodes what it gets, as a browser would. */
  private final class Watching implements Viewer {
    final LiveVideoCodec codec;
    final DecodedPictures decoder;
    final List<Long> moments = new ArrayList<>();
    final List<Integer> numbers = new ArrayList<>();
    final List<Long> keyFrames = new ArrayList<>();
    @Nullable I420Frame last;
    boolean broken;
    boolean closed;

    Watching(LiveVideoCodec codec) {
      this.codec = codec;
      decoder = new DecodedPictures(codec);
      opened.add(decoder);
    }

    @Override
    public LiveVideoCodec codec() {
      return codec;
    }

    @Override
    public void video(EncodedPicture picture) {
      if (broken) {
        throw new IllegalStateException("as the test wants");
      }
      I420Frame decoded = decoder.decode(picture);
      last = decoded;
      moments.add(picture.ptsNanos() / FRAME_NANOS);
      numbers.add(TestPictures.readNumber(decoded.data(), WIDTH_PX, WIDTH_PX));
      if (picture.keyFrame()) {
        keyFrames.add(picture.ptsNanos() / FRAME_NANOS);
      }
    }

    @Override
    public void audio(EncodedSound sound) {}

    @Override
    public ViewerStatistics statistics() {
      return new ViewerStatistics(moments.size(), 0, 0, 0, 0, 0, 0, 0, 0);
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  /** A feed and the pictures that only it shows. */
  private final class Shown {
    final VideoFeed feed;
    final int mark;
    private final TestPictures pictures;

    Shown(LiveVideoCodec codec, int mark) {
      this.mark = mark;
      feed = VideoFeed.open(codec, WIDTH_PX, HEIGHT_PX, 25, BITRATES);
      pictures = new TestPictures(WIDTH_PX, HEIGHT_PX, mark);
      opened.add(feed);
    }

    void loop(int moment) {
      feed.loop(
          moment,
          LOOP_PICTURES,
          moment * FRAME_NANOS,
          tick -> pictures.picture(mark * MARK + (int) tick % LOOP_PICTURES, 60 + 30 * mark));
    }

    void show(int moment) {
      feed.picture(pictures.picture(mark * MARK + moment, 60 + 30 * mark), moment * FRAME_NANOS);
    }
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable one : opened) {
      one.close();
    }
  }

  private static List<Long> range(long from, long to) {
    List<Long> all = new ArrayList<>();
    for (long i = from; i < to; i++) {
      all.add(i);
    }
    return all;
  }

  @Test
  void encodesNothingWithoutViewers() {
    Shown shown = new Shown(LiveVideoCodec.VP8, 1);
    shown.show(0);
    Watching viewer = new Watching(LiveVideoCodec.VP8);
    Seat seat = shown.feed.add(viewer);
    shown.show(1);
    seat.close();
    shown.show(2);
    assertThat(shown.feed.statistics().pictures()).isEqualTo(1);
    assertThat(shown.feed.viewerCount()).isZero();
    assertThat(viewer.moments).containsExactly(1L);
    assertThat(viewer.closed).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void oneEncodedPictureServesAllAndNewcomersWaitForTheFloor(LiveVideoCodec codec) {
    Shown shown = new Shown(codec, 1);
    Watching first = new Watching(codec);
    Watching second = new Watching(codec);
    shown.feed.add(first);
    for (int i = 0; i < 30; i++) {
      if (i == 3) {
        shown.feed.add(second);
      }
      shown.show(i);
    }
    assertThat(first.moments).isEqualTo(range(0, 30));
    assertThat(first.keyFrames).containsExactly(0L, 13L);
    assertThat(second.moments).isEqualTo(range(13, 30));
    assertThat(shown.feed.statistics().pictures()).isEqualTo(30);
    assertThat(shown.feed.statistics().keyFrames()).isEqualTo(2);
  }

  @Test
  void wishesForKeyframesAreGatheredUntilTheFloor() {
    Shown shown = new Shown(LiveVideoCodec.VP8, 1);
    Watching viewer = new Watching(LiveVideoCodec.VP8);
    Seat seat = shown.feed.add(viewer);
    for (int i = 0; i < 60; i++) {
      if (i > 0 && i < 40) {
        seat.keyFrameWanted();
      }
      shown.show(i);
    }
    assertThat(viewer.keyFrames).containsExactly(0L, 13L, 26L, 39L);
  }

  @ParameterizedTest
  @EnumSource
  void goesOverAtAKeyframeWithoutAGap(LiveVideoCodec codec) {
    Shown idle = new Shown(codec, 1);
    Shown own = new Shown(codec, 2);
    Watching viewer = new Watching(codec);
    Watching other = new Watching(codec);
    Seat seat = idle.feed.add(viewer);
    idle.feed.add(other);
    for (int i = 0; i < 60; i++) {
      if (i == 20) {
        seat.moveTo(own.feed);
      }
      if (i == 35) {
        seat.moveTo(idle.feed);
      }
      idle.show(i); // First, so that the idle feed has shown the moment when its other takes over.
      if (i >= 22) {
        own.show(i);
      }
    }
    assertThat(viewer.moments).isEqualTo(range(0, 60));
    assertThat(viewer.keyFrames).containsExactly(0L, 23L, 35L);
    for (int i = 0; i < 60; i++) {
      int mark = i >= 23 && i < 35 ? 2 : 1;
      assertThat(viewer.numbers.get(i)).isEqualTo(mark * MARK + i);
    }
    assertThat(other.moments).isEqualTo(range(0, 60));
    assertThat(own.feed.viewerCount()).isZero();
    assertThat(own.feed.statistics().pictures()).isEqualTo(12);
  }

  @Test
  void aMoveThatIsTakenBackChangesNothing() {
    Shown idle = new Shown(LiveVideoCodec.VP8, 1);
    Shown own = new Shown(LiveVideoCodec.VP8, 2);
    Watching viewer = new Watching(LiveVideoCodec.VP8);
    Seat seat = idle.feed.add(viewer);
    idle.show(0);
    seat.moveTo(own.feed);
    assertThat(own.feed.viewerCount()).isEqualTo(1);
    seat.moveTo(idle.feed);
    assertThat(own.feed.viewerCount()).isZero();
    own.show(1);
    idle.show(1);
    assertThat(viewer.moments).containsExactly(0L, 1L);
    assertThat(viewer.keyFrames).containsExactly(0L);
  }

  @ParameterizedTest
  @EnumSource
  void manyViewersChangeBetweenFeedsOfDifferentThreadsUnharmed(LiveVideoCodec codec)
      throws Exception {
    int moments = 400;
    int viewerCount = 6;
    Shown idle = new Shown(codec, 1);
    List<Shown> own = List.of(new Shown(codec, 2), new Shown(codec, 3));
    List<Watching> viewers = new ArrayList<>();
    List<Seat> seats = new ArrayList<>();
    for (int i = 0; i < viewerCount; i++) {
      viewers.add(new Watching(codec));
      seats.add(idle.feed.add(viewers.get(i)));
    }
    CyclicBarrier barrier = new CyclicBarrier(3);
    Random random = new Random(17);
    Thread ownThread =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int i = 0; i < moments; i++) {
                    await(barrier);
                    int moment = i;
                    own.forEach(shown -> shown.show(moment));
                  }
                });
    Thread mover =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int i = 0; i < moments; i++) {
                    await(barrier);
                    if (random.nextInt(4) == 0) {
                      int target = random.nextInt(3);
                      seats
                          .get(random.nextInt(viewerCount))
                          .moveTo(target == 0 ? idle.feed : own.get(target - 1).feed);
                    }
                    if (random.nextInt(5) == 0) {
                      seats.get(random.nextInt(viewerCount)).keyFrameWanted();
                    }
                  }
                });
    for (int i = 0; i < moments; i++) {
      await(barrier);
      idle.show(i);
    }
    ownThread.join();
    mover.join();

    int changes = 0;
    for (Watching viewer : viewers) {
      assertThat(viewer.closed).isFalse();
      assertThat(viewer.moments).isEqualTo(range(viewer.moments.getFirst(), moments));
      for (int i = 0; i < viewer.numbers.size(); i++) {
        assertThat(viewer.numbers.get(i) % MARK).isEqualTo(viewer.moments.get(i).intValue());
        boolean changed = i > 0 && viewer.numbers.get(i) / MARK != viewer.numbers.get(i - 1) / MARK;
        if (changed) {
          changes++;
          assertThat(viewer.keyFrames).contains(viewer.moments.get(i));
        }
      }
    }
    assertThat(changes).isGreaterThan(20);
    int seated = idle.feed.viewerCount();
    for (Shown shown : own) {
      seated += shown.feed.viewerCount();
    }
    assertThat(seated).isGreaterThanOrEqualTo(viewerCount);
    seats.forEach(Seat::close);
    assertThat(idle.feed.viewerCount()).isZero();
    assertThat(own).allSatisfy(shown -> assertThat(shown.feed.viewerCount()).isZero());
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aLoopIsEncodedOnceAndRepeatedFromThenOn(LiveVideoCodec codec) {
    Shown shown = new Shown(codec, 1);
    Watching first = new Watching(codec);
    Watching second = new Watching(codec);
    shown.feed.add(first);
    for (int i = 7; i < 1000; i++) {
      if (i == 600) {
        shown.feed.add(second);
      }
      boolean few = (i > 420 && i < 430) || i == 780;
      boolean many = i >= 850 && i < 870;
      if (!few && !many) { // Ticks that were skipped.
        shown.loop(i);
      }
    }
    List<Long> seen = range(7, 850);
    seen.addAll(range(870, 1000));
    assertThat(first.moments).isEqualTo(seen);
    for (int i = 0; i < seen.size(); i++) {
      assertThat(first.numbers.get(i)).isEqualTo(MARK + (int) (seen.get(i) % LOOP_PICTURES));
    }
    // Two parts of 125 pictures, recorded from 125 to 375; few missing ones are made up for.
    // Then only who joins is served by the encoder up to the next part, and all after a hole.
    assertThat(first.keyFrames).containsExactly(7L, 125L, 250L, 375L, 500L, 625L, 750L, 870L, 875L);
    assertThat(second.keyFrames).containsExactly(600L, 625L, 750L, 870L, 875L);
    assertThat(second.moments.getFirst()).isEqualTo(600);
    assertThat(second.moments).hasSize(380);
    assertThat(shown.feed.statistics().pictures()).isEqualTo(118 + 250 + 25 + 5);
    assertThat(shown.feed.statistics().repeatedPictures()).isEqualTo(475 + 125);
  }

  @Test
  void aLoopIsRecordedAnewAtAnotherRate() {
    Shown shown = new Shown(LiveVideoCodec.VP8, 1);
    Watching viewer = new Watching(LiveVideoCodec.VP8);
    Seat seat = shown.feed.add(viewer);
    for (int i = 0; i < 1050; i++) {
      if (i == 510) {
        seat.bitrate(390_000); // About the same.
      } else if (i == 520) {
        seat.bitrate(200_000);
      } else if (i == 910) {
        seat.bitrate(400_000); // As at first: that recording is still there.
      }
      shown.loop(i);
    }
    assertThat(viewer.moments).isEqualTo(range(0, 1050));
    assertThat(viewer.keyFrames)
        .containsExactly(0L, 125L, 250L, 375L, 500L, 520L, 625L, 750L, 875L, 910L, 1000L);
    // From 250 to 520 the first recording, 875 to 910 the second, from 1000 on the first.
    assertThat(shown.feed.statistics().repeatedPictures()).isEqualTo(270 + 35 + 50);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void goesFromALoopToSpeechAndBack(boolean speechFirst) {
    Shown idle = new Shown(LiveVideoCodec.VP8, 1);
    Shown own = new Shown(LiveVideoCodec.VP8, 2);
    Watching viewer = new Watching(LiveVideoCodec.VP8);
    Watching other = new Watching(LiveVideoCodec.VP8);
    Seat seat = idle.feed.add(viewer);
    idle.feed.add(other);
    for (int i = 0; i < 800; i++) {
      if (i == 300) {
        seat.moveTo(own.feed);
      } else if (i == 400) {
        seat.returnTo(idle.feed);
      }
      if (speechFirst) { // The two may come from different threads.
        own.show(i);
      }
      idle.loop(i);
      if (!speechFirst) {
        own.show(i);
      }
    }
    assertThat(viewer.moments).isEqualTo(range(0, 800));
    assertThat(other.moments).isEqualTo(range(0, 800));
    long changed = speechFirst ? 300 : 301;
    // Its own feed goes on until the loop's next part, which all begin together.
    assertThat(viewer.keyFrames).containsExactly(0L, 125L, 250L, changed, 500L, 625L, 750L);
    assertThat(other.keyFrames).containsExactly(0L, 125L, 250L, 375L, 500L, 625L, 750L);
    assertThat(viewer.numbers.get(499) / MARK).isEqualTo(2);
    assertThat(viewer.numbers.get(500) / MARK).isEqualTo(1);
    assertThat(idle.feed.statistics().pictures()).isEqualTo(250);
  }

  @Test
  void whoMovesToALoopDoesNotWaitForItsNextPart() {
    Shown one = new Shown(LiveVideoCodec.VP8, 1);
    Shown two = new Shown(LiveVideoCodec.VP8, 2);
    Watching viewer = new Watching(LiveVideoCodec.VP8);
    Seat seat = one.feed.add(viewer);
    two.feed.add(new Watching(LiveVideoCodec.VP8));
    for (int i = 0; i < 450; i++) {
      if (i == 310) {
        seat.moveTo(two.feed);
      }
      two.loop(i);
      one.loop(i);
    }
    assertThat(viewer.moments).isEqualTo(range(0, 450));
    assertThat(viewer.keyFrames).containsExactly(0L, 125L, 250L, 310L, 375L);
    assertThat(viewer.numbers.get(310) / MARK).isEqualTo(2);
  }

  @Test
  void whoCannotGoOnGetsAKeyframeAtOnceAndTheOthersNoticeNothing() {
    Shown idle = new Shown(LiveVideoCodec.VP8, 1);
    Watching lossy = new Watching(LiveVideoCodec.VP8);
    Watching other = new Watching(LiveVideoCodec.VP8);
    Seat seat = idle.feed.add(lossy);
    idle.feed.add(other);
    for (int i = 0; i < 500; i++) {
      if (i == 300 || i == 305) {
        seat.keyFrameWanted(); // The second one comes too soon.
      }
      idle.loop(i);
    }
    assertThat(lossy.moments).isEqualTo(range(0, 500));
    assertThat(lossy.keyFrames).containsExactly(0L, 125L, 250L, 300L, 313L, 375L);
    assertThat(other.keyFrames).containsExactly(0L, 125L, 250L, 375L);
    assertThat(idle.feed.statistics().pictures()).isEqualTo(250 + 75);
    assertThat(idle.feed.statistics().repeatedPictures()).isEqualTo(250);
  }

  @Test
  void aWishWhileALoopIsRecordedDoesNotSpoilTheRecording() {
    Shown idle = new Shown(LiveVideoCodec.VP8, 1);
    Watching viewer = new Watching(LiveVideoCodec.VP8);
    Seat seat = idle.feed.add(viewer);
    for (int i = 0; i < 500; i++) {
      if (i == 30) {
        seat.keyFrameWanted();
      } else if (i == 200) {
        idle.feed.add(new Watching(LiveVideoCodec.VP8));
      }
      idle.loop(i);
    }
    assertThat(viewer.keyFrames).containsExactly(0L, 30L, 125L, 200L, 250L, 280L, 375L, 450L);
    assertThat(idle.feed.statistics().pictures()).isEqualTo(250);
  }

  @ParameterizedTest
  @EnumSource
  void whateverDisturbsALoopEverybodySeesThePicturesOfTheirMoments(LiveVideoCodec codec) {
    int moments = 1500;
    Shown idle = new Shown(codec, 1);
    Shown own = new Shown(codec, 2);
    TestPictures source = new TestPictures(WIDTH_PX, HEIGHT_PX, 1);
    List<Watching> viewers = new ArrayList<>();
    List<Seat> seats = new ArrayList<>();
    Random random = new Random(5);
    int skipUntil = 0;
    for (int i = 0; i < moments; i++) {
      int chance = i == 0 ? 0 : random.nextInt(300);
      if (chance < 3 && viewers.size() < 8) {
        viewers.add(new Watching(codec));
        seats.add(idle.feed.add(viewers.getLast()));
      }
      Seat some = seats.get(random.nextInt(seats.size()));
      switch (chance) {
        case 10, 11, 12, 13 -> some.keyFrameWanted();
        case 20, 21 -> some.moveTo(own.feed);
        case 22, 23 -> some.returnTo(idle.feed);
        case 24 -> some.moveTo(idle.feed);
        case 30 -> some.bitrate(200_000 + random.nextInt(600_000));
        case 40 -> skipUntil = i + 1 + random.nextInt(20);
        default -> {}
      }
      own.show(i);
      if (i >= skipUntil) {
        idle.loop(i);
      }
      I420Frame expected = source.picture(MARK + i % LOOP_PICTURES, 90);
      for (Watching viewer : viewers) {
        I420Frame last = viewer.last;
        boolean now = last != null && viewer.moments.getLast() == i;
        if (last != null && now && viewer.numbers.getLast() / MARK == 1) {
          assertThat(DecodedPictures.psnr(expected, last)).isGreaterThan(25);
        }
      }
    }
    assertThat(viewers).hasSizeGreaterThan(5);
    for (Watching viewer : viewers) {
      assertThat(viewer.closed).isFalse();
      for (int i = 0; i < viewer.numbers.size(); i++) {
        int number = viewer.numbers.get(i);
        int moment = viewer.moments.get(i).intValue();
        assertThat(number % MARK).isEqualTo(number / MARK == 1 ? moment % LOOP_PICTURES : moment);
      }
    }
    assertThat(idle.feed.statistics().repeatedPictures()).isGreaterThan(moments / 3);
  }

  @Test
  void followsTheSmallestWishWithinItsBounds() {
    Shown shown = new Shown(LiveVideoCodec.VP8, 1);
    Seat one = shown.feed.add(new Watching(LiveVideoCodec.VP8));
    Seat other = shown.feed.add(new Watching(LiveVideoCodec.VP8));
    shown.show(0);
    assertThat(shown.feed.statistics().bitrateBps()).isEqualTo(400_000);
    one.bitrate(900_000);
    other.bitrate(300_000);
    shown.show(1);
    assertThat(shown.feed.statistics().bitrateBps()).isEqualTo(300_000);
    other.bitrate(20_000);
    shown.show(2);
    assertThat(shown.feed.statistics().bitrateBps()).isEqualTo(100_000);
    other.close();
    one.bitrate(5_000_000);
    shown.show(3);
    assertThat(shown.feed.statistics().bitrateBps()).isEqualTo(1_000_000);
  }

  @Test
  void takesTheShareOfTheConnectionThatItWasTold() {
    Shown shown = new Shown(LiveVideoCodec.VP8, 1);
    Seat seat = shown.feed.add(new Watching(LiveVideoCodec.VP8));
    shown.feed.share(50);
    shown.show(0);
    assertThat(shown.feed.statistics().bitrateBps()).isEqualTo(200_000);
    seat.bitrate(900_000);
    shown.show(1);
    assertThat(shown.feed.statistics().bitrateBps()).isEqualTo(450_000);
    shown.feed.share(100);
    shown.show(2);
    assertThat(shown.feed.statistics().bitrateBps()).isEqualTo(900_000);
  }

  @Test
  void aViewerThatFailsIsClosedAndTheOthersGoOn() {
    Shown shown = new Shown(LiveVideoCodec.VP8, 1);
    Watching failing = new Watching(LiveVideoCodec.VP8);
    Watching other = new Watching(LiveVideoCodec.VP8);
    shown.feed.add(failing);
    shown.feed.add(other);
    shown.show(0);
    failing.broken = true;
    shown.show(1);
    shown.show(2);
    assertThat(failing.closed).isTrue();
    assertThat(failing.moments).containsExactly(0L);
    assertThat(other.moments).containsExactly(0L, 1L, 2L);
    assertThat(shown.feed.viewerCount()).isEqualTo(1);
  }

  @Test
  void latePicturesAreLeftOutAndCounted() {
    Shown shown = new Shown(LiveVideoCodec.VP8, 1);
    Watching viewer = new Watching(LiveVideoCodec.VP8);
    shown.feed.add(viewer);
    shown.show(5);
    shown.show(5);
    shown.show(4);
    shown.show(6);
    assertThat(viewer.moments).containsExactly(5L, 6L);
    assertThat(shown.feed.statistics().latePictures()).isEqualTo(2);
  }

  @Test
  void aViewerOfAnotherCodecIsRefusedAndAClosedFeedIsSilent() {
    Shown shown = new Shown(LiveVideoCodec.VP8, 1);
    assertThatThrownBy(() -> shown.feed.add(new Watching(LiveVideoCodec.H264)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("H264")
        .hasMessageContaining("VP8");
    Watching viewer = new Watching(LiveVideoCodec.VP8);
    shown.feed.add(viewer);
    shown.feed.close();
    shown.show(0);
    assertThat(viewer.moments).isEmpty();
  }
}
