package io.lipstream.streaming.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.media.audio.PcmFormat;
import org.junit.jupiter.api.Test;

class Mp4FormatTest {
  private static final PcmFormat MONO = new PcmFormat(48_000, 1);

  @Test
  void defaultBitrateGrowsSlowerThanAreaAndFrames() {
    FrameRate rate = FrameRate.of(25);
    int reference = Mp4Format.defaultVideoBitrateBps(1280, 720, rate);
    assertThat(reference).isEqualTo(3_000_000);
    assertThat(Mp4Format.defaultVideoBitrateBps(1920, 1080, rate)).isBetween(5_000_000, 6_000_000);
    assertThat(Mp4Format.defaultVideoBitrateBps(1280, 720, FrameRate.of(50)))
        .isBetween(4_200_000, 4_300_000);
    assertThat(Mp4Format.defaultVideoBitrateBps(64, 64, rate)).isEqualTo(100_000);
  }

  @Test
  void oddAndHugeSidesAreRefused() {
    assertThatThrownBy(() -> Mp4Format.of(321, 180, FrameRate.of(25), MONO, VideoCodec.H264))
        .hasMessageContaining("321x180");
    assertThatThrownBy(() -> Mp4Format.of(320, 8192, FrameRate.of(25), MONO, VideoCodec.H264))
        .hasMessageContaining("320x8192");
  }

  @Test
  void frameRateIsOneToTwoHundredForty() {
    assertThat(new FrameRate(30_000, 1001).perSecond()).isBetween(29.970, 29.971);
    assertThatThrownBy(() -> new FrameRate(0, 1)).hasMessageContaining("0/1");
    assertThatThrownBy(() -> new FrameRate(1, 2)).hasMessageContaining("1/2");
    assertThatThrownBy(() -> FrameRate.of(241)).hasMessageContaining("241");
  }
}
