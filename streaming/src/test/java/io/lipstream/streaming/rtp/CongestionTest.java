package io.lipstream.streaming.rtp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.streaming.live.LiveVideoCodec;
import org.junit.jupiter.api.Test;

class CongestionTest {

  @Test
  void bitrateFallsWhenTheLinkNarrowsAndComesBack() {
    Watching watching = new Watching(3, LiveVideoCodec.VP8);
    watching.there.delay(30, 2).capacity(2_500_000);
    watching.back.delay(30, 2);

    watching.run(15_000);
    int wide = watching.bitrateBps;
    watching.there.capacity(500_000);
    watching.run(5_000);
    watching.longestLatency = 0;
    watching.longestFreeze = 0;
    watching.run(15_000);
    int narrow = watching.bitrateBps;
    long latency = watching.longestLatency;
    long freeze = watching.longestFreeze;
    watching.there.capacity(2_500_000);
    watching.run(40_000);
    int again = watching.bitrateBps;

    assertThat(wide).isGreaterThan(1_200_000);
    assertThat(narrow).isBetween(300_000, 500_000);
    assertThat(again).isGreaterThan(1_000_000);
    assertThat(latency).isLessThan(300 * Watching.MILLI);
    assertThat(freeze).isLessThan(300 * Watching.MILLI);
  }

  @Test
  void randomDelaysAloneDoNotLowerTheBitrate() {
    Watching watching = new Watching(4, LiveVideoCodec.VP8);
    watching.there.delay(40, 25);
    watching.back.delay(40, 25);

    watching.run(60_000);

    assertThat(watching.bitrateBps).isGreaterThan(1_000_000);
  }

  @Test
  void anIdlePictureKeepsWhatTheConnectionIsKnownToCarry() {
    Watching watching = new Watching(4, LiveVideoCodec.VP8);
    watching.maxEncoderBps = 200_000;
    watching.there.delay(40, 25).capacity(5_000_000);
    watching.back.delay(40, 25);

    watching.run(60_000);

    assertThat(watching.bitrateBps).isGreaterThan(700_000);
  }

  @Test
  void bitrateIsNotToldAtEveryChange() {
    Watching watching = new Watching(5, LiveVideoCodec.VP8);
    watching.there.delay(30, 2).capacity(1_000_000);
    watching.back.delay(30, 2);

    watching.run(60_000);

    assertThat(watching.bitrates).hasSizeBetween(2, 120);
  }

  @Test
  void aLinkThatFallsSilentLowersTheBitrate() {
    Watching watching = new Watching(6, LiveVideoCodec.VP8);
    watching.there.delay(30, 2);
    watching.back.delay(30, 2);
    watching.run(5_000);
    int before = watching.bitrateBps;

    watching.there.loss(1);
    watching.back.loss(1);
    watching.run(5_000);

    assertThat(watching.bitrateBps).isLessThan(before / 2);
  }
}
