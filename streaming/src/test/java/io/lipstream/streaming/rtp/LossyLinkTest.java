package io.lipstream.streaming.rtp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.streaming.live.LiveVideoCodec;
import java.util.HashSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LossyLinkTest {

  /** The bound: so long the picture may stand still, from the start on, while it is repaired. */
  @ParameterizedTest(name = "{0} with {1} % lost both ways: freezes of at most {2} ms")
  @CsvSource({
    "VP8, 0, 200",
    "VP8, 1, 400",
    "VP8, 5, 600",
    "VP8, 10, 1000",
    "VP8, 20, 1500",
    "H264, 0, 200",
    "H264, 5, 600",
    "H264, 20, 1500",
  })
  void everyPictureArrivesOrAKeyFrameRepairs(
      LiveVideoCodec codec, int lossPercent, int boundMillis) {
    for (long seed = 1; seed <= 3; seed++) {
      Watching watching = new Watching(seed, codec);
      watching.there.loss(lossPercent / 100.0).delay(30, 10);
      watching.back.loss(lossPercent / 100.0).delay(30, 10);

      watching.run(60_000);
      long freeze = watching.longestFreeze;
      watching.encoding = false;
      watching.run(1_500);

      String run = "seed " + seed + ": " + watching.receiver.statistics();
      assertThat(freeze).describedAs(run).isLessThan(boundMillis * Watching.MILLI);
      // The very last picture may be missing: nothing comes after it that would show a gap.
      int missed = watching.framesEncoded() - 1 - watching.picturesSeen;
      int missedForEach = boundMillis / 40;
      assertThat(missed)
          .describedAs(run)
          .isLessThanOrEqualTo(missedForEach * watching.keyFramesWanted);
      assertThat(watching.worstSkewNanos).isLessThan(50_000);
      if (lossPercent == 0) {
        assertThat(missed).isEqualTo(-1);
        assertThat(watching.session.statistics().packetsResent()).isZero();
        assertThat(watching.session.statistics().picturesDropped()).isZero();
      }
    }
  }

  @Test
  void withoutRtxPacketsAreSentAgainAsTheyWere() {
    RtpSettings rtx = Watching.settings(LiveVideoCodec.VP8);
    RtpSettings.Track plain =
        RtpSettings.Track.of(
            rtx.picture().ssrc(), 96, rtx.picture().mid(), rtx.picture().extensions());
    RtpSettings settings = RtpSettings.of(LiveVideoCodec.VP8, plain, rtx.sound(), -1, rtx.cname());
    Watching watching = new Watching(11, LiveVideoCodec.VP8, Watching.start(11), settings);
    watching.there.loss(0.05).delay(30, 5);

    watching.run(30_000);
    watching.encoding = false;
    watching.run(1_000);

    assertThat(watching.receiver.statistics().packetsRepaired()).isGreaterThan(50);
    assertThat(watching.longestFreeze).isLessThan(1_100 * Watching.MILLI);
    assertThat(watching.picturesSeen)
        .isGreaterThanOrEqualTo(watching.framesEncoded() - 20 * watching.keyFramesWanted);
  }

  @ParameterizedTest(name = "{0} % lost")
  @CsvSource({"0", "5", "20"})
  void soundComesOnceInOrderWhateverThePicturesNeed(int lossPercent) {
    Watching watching = new Watching(7, LiveVideoCodec.VP8);
    watching.there.loss(lossPercent / 100.0).delay(30, 0);
    watching.back.loss(lossPercent / 100.0).delay(30, 0);

    watching.run(30_000);

    assertThat(watching.soundOrder).isSorted().hasSameSizeAs(new HashSet<>(watching.soundOrder));
    assertThat(watching.soundsSeen).isBetween((int) (1_500 * (0.95 - lossPercent / 100.0)), 1_500);
  }

  @Test
  void numbersWrapUnnoticed() {
    Start atTheEnd = new Start(65_500, 65_500, 65_500, 65_500, 32_760, -90_000, 0);
    Watching watching = new Watching(12, LiveVideoCodec.VP8, atTheEnd);
    watching.there.loss(0.02).delay(30, 10);

    watching.run(60_000);
    watching.encoding = false;
    watching.run(1_000);

    assertThat(watching.picturesSeen).isGreaterThanOrEqualTo(watching.framesEncoded() - 1);
    assertThat(watching.keyFramesWanted).isZero();
    assertThat(watching.worstSkewNanos).isLessThan(50_000);
  }
}
