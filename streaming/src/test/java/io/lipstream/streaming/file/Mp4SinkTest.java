package io.lipstream.streaming.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Mp4SinkTest {
  private static final int WIDTH_PX = 320;
  private static final int HEIGHT_PX = 180;
  private static final PcmFormat MONO_48K = new PcmFormat(48_000, 1);
  private static final long SEED = 20_261_121;

  @TempDir Path folder;

  private static Mp4Format format(FrameRate rate, PcmFormat sound) {
    return Mp4Format.of(WIDTH_PX, HEIGHT_PX, rate, sound, VideoCodec.H264);
  }

  /** Pictures numbered from 0, sound of the same length. */
  private static void play(Mp4Sink sink, int frameCount, FrameRate rate, PcmFormat sound) {
    TestPictures pictures = new TestPictures(WIDTH_PX, HEIGHT_PX, SEED);
    long soundFrames = 0;
    for (int i = 0; i < frameCount; i++) {
      sink.video(pictures.picture(i, 110));
      long until = Math.round((i + 1) / rate.perSecond() * sound.sampleRateHz());
      int count = (int) (until - soundFrames);
      sink.audio(tone(sound, soundFrames, count), count);
      soundFrames = until;
    }
  }

  private static float[] tone(PcmFormat sound, long from, int count) {
    float[] samples = new float[count * sound.channels()];
    for (int i = 0; i < samples.length; i++) {
      double seconds = (double) (from + i / sound.channels()) / sound.sampleRateHz();
      samples[i] = (float) (0.3 * Math.sin(2 * Math.PI * 220 * seconds));
    }
    return samples;
  }

  /** FFmpeg's decoder plays the last AAC frame to its end, whatever the track's length says. */
  private static void assertSoundLasts(DecodedMp4 decoded, double seconds) {
    assertThat(decoded.soundSeconds())
        .isBetween(seconds - 1e-3, seconds + 1024.0 / decoded.sampleRateHz);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void writesEveryFrameOnceWithCodecsTagsAndTheIndexInFront() throws IOException {
    Path file = folder.resolve("talk.mp4");
    try (Mp4Sink sink = Mp4Sink.toFile(file, format(FrameRate.of(25), MONO_48K))) {
      play(sink, 137, FrameRate.of(25), MONO_48K);
      sink.finish();
    }
    DecodedMp4 decoded = new DecodedMp4(file);
    assertThat(decoded.pictureCodecId).isEqualTo(avcodec.AV_CODEC_ID_H264);
    assertThat(decoded.profile).isEqualTo(avcodec.AV_PROFILE_H264_HIGH);
    assertThat(decoded.soundCodecId).isEqualTo(avcodec.AV_CODEC_ID_AAC);
    assertThat(decoded.framesPerSecond).isEqualTo(25);
    assertThat(decoded.colorRange).isEqualTo(avutil.AVCOL_RANGE_MPEG);
    assertThat(decoded.colorPrimaries).isEqualTo(avutil.AVCOL_PRI_SMPTE170M);
    assertThat(decoded.colorTransfer).isEqualTo(avutil.AVCOL_TRC_SMPTE170M);
    assertThat(decoded.colorMatrix).isEqualTo(avutil.AVCOL_SPC_SMPTE170M);
    assertThat(decoded.pictures)
        .extracting(DecodedMp4.Picture::number)
        .containsExactlyElementsOf(IntStream.range(0, 137).boxed().toList());
    for (int i = 0; i < 137; i++) {
      assertThat(decoded.pictures.get(i).seconds()).isEqualTo(i / 25.0, within(1e-4));
    }
    assertThat(decoded.pictures.stream().filter(DecodedMp4.Picture::keyframe)).hasSize(3);
    String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
    assertThat(bytes.indexOf("moov")).isPositive().isLessThan(bytes.indexOf("mdat"));
    assertThat(names()).containsExactly("talk.mp4");
  }

  @ParameterizedTest
  @CsvSource({
    "25, 1, 48000, 1, 50, 48000",
    "25, 1, 44100, 2, 61, 44100",
    "30, 1, 22050, 1, 77, 48000",
    "25, 1, 16000, 1, 13, 48000",
    "30000, 1001, 16000, 2, 91, 48000",
    "24, 1, 96000, 2, 1, 48000",
    "12, 1, 8000, 1, 25, 48000",
  })
  void soundIsAsLongAsPicturesForEveryRate(
      int numerator, int denominator, int rateHz, int channels, int frames, int encodedRateHz) {
    FrameRate rate = new FrameRate(numerator, denominator);
    PcmFormat sound = new PcmFormat(rateHz, channels);
    Path file = folder.resolve("talk.mp4");
    try (Mp4Sink sink = Mp4Sink.toFile(file, format(rate, sound))) {
      play(sink, frames, rate, sound);
      sink.finish();
    }
    DecodedMp4 decoded = new DecodedMp4(file);
    double seconds = frames / rate.perSecond();
    assertThat(decoded.pictures).hasSize(frames);
    assertThat(decoded.sampleRateHz).isEqualTo(encodedRateHz);
    assertThat(decoded.channels).isEqualTo(channels);
    assertThat(decoded.firstSampleSeconds).isEqualTo(0, within(1e-4));
    assertThat(decoded.pictureTrackSeconds).isEqualTo(seconds, within(1e-3));
    assertThat(decoded.soundTrackSeconds).isEqualTo(seconds, within(1e-3));
    assertSoundLasts(decoded, seconds);
  }

  @ParameterizedTest
  @CsvSource({"48000, false", "16000, false", "44100, true", "22050, true"})
  void clickAndFlashStayTogether(int rateHz, boolean asStream) throws IOException {
    FrameRate rate = FrameRate.of(25);
    PcmFormat sound = new PcmFormat(rateHz, 1);
    Path file = folder.resolve("talk.mp4");
    int flashAt = 45;
    double flashSeconds = flashAt / 25.0;
    try (OutputStream stream =
            asStream ? Files.newOutputStream(file) : OutputStream.nullOutputStream();
        Mp4Sink sink =
            asStream
                ? Mp4Sink.toStream("pipe", stream, format(rate, sound))
                : Mp4Sink.toFile(file, format(rate, sound))) {
      float[] samples = new float[rateHz * 3];
      int click = (int) Math.round(flashSeconds * rateHz);
      for (int i = 0; i < rateHz / 1000; i++) {
        samples[click + i] = 0.9f;
      }
      TestPictures pictures = new TestPictures(WIDTH_PX, HEIGHT_PX, SEED);
      sink.audio(samples, samples.length);
      for (int i = 0; i < 75; i++) {
        sink.video(pictures.picture(i, i == flashAt ? 220 : 60));
      }
      sink.finish();
    }
    DecodedMp4 decoded = new DecodedMp4(file);
    List<DecodedMp4.Picture> bright =
        decoded.pictures.stream().filter(p -> p.meanLuma() > 140).toList();
    assertThat(bright).hasSize(1);
    assertThat(bright.getFirst().number()).isEqualTo(flashAt);
    assertThat(bright.getFirst().seconds()).isEqualTo(flashSeconds, within(1e-3));
    assertThat(decoded.loudestSeconds()).isEqualTo(flashSeconds, within(0.003));
    assertSoundLasts(decoded, 3.0);
  }

  @Test
  void streamIsPlayableWithoutSeekingAndSpreadOverItsLength() {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    FrameRate rate = FrameRate.of(25);
    try (Mp4Sink sink = Mp4Sink.toStream("pipe", stream, format(rate, MONO_48K))) {
      play(sink, 200, rate, MONO_48K);
      assertThat(stream.size()).as("bytes before the end").isPositive();
      sink.finish();
    }
    Path file = folder.resolve("piped.mp4");
    writeAll(file, stream.toByteArray());
    DecodedMp4 decoded = new DecodedMp4(file);
    assertThat(decoded.pictures)
        .extracting(DecodedMp4.Picture::number)
        .containsExactlyElementsOf(IntStream.range(0, 200).boxed().toList());
    assertSoundLasts(decoded, 8.0);
  }

  private static void writeAll(Path file, byte[] bytes) {
    try {
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void shortSoundIsFollowedBySilence() {
    Path file = folder.resolve("talk.mp4");
    try (Mp4Sink sink = Mp4Sink.toFile(file, format(FrameRate.of(25), MONO_48K))) {
      TestPictures pictures = new TestPictures(WIDTH_PX, HEIGHT_PX, SEED);
      for (int i = 0; i < 30; i++) {
        sink.video(pictures.picture(i, 110));
      }
      sink.audio(tone(MONO_48K, 0, 24_000), 24_000);
      sink.finish();
    }
    DecodedMp4 decoded = new DecodedMp4(file);
    assertSoundLasts(decoded, 1.2);
    assertThat(decoded.samples[12_000 + 50]).isNotZero();
    assertThat(Math.abs(decoded.samples[48_000])).isLessThan(0.01f);
  }

  @Test
  void closingUnfinishedLeavesTheTargetAsItWas() throws IOException {
    Path file = Files.writeString(folder.resolve("talk.mp4"), "precious");
    Mp4Sink sink = Mp4Sink.toFile(file, format(FrameRate.of(25), MONO_48K));
    play(sink, 20, FrameRate.of(25), MONO_48K);
    assertThat(names()).hasSize(2);
    sink.close();
    sink.close();
    assertThat(names()).containsExactly("talk.mp4");
    assertThat(file).hasContent("precious");
    float[] silence = new float[100];
    assertThatThrownBy(() -> sink.audio(silence, 100)).isInstanceOf(CancellationException.class);
  }

  @Test
  void finishedVideoReplacesTheTarget() throws IOException {
    Path file = Files.writeString(folder.resolve("talk.mp4"), "old");
    try (Mp4Sink sink = Mp4Sink.toFile(file, format(FrameRate.of(25), MONO_48K))) {
      play(sink, 5, FrameRate.of(25), MONO_48K);
      sink.finish();
    }
    assertThat(new DecodedMp4(file).pictures).hasSize(5);
    assertThat(names()).containsExactly("talk.mp4");
  }

  @Test
  void closeFromAnotherThreadStopsTheWriterAndRemovesTheFile() throws Exception {
    Path file = folder.resolve("talk.mp4");
    Mp4Sink sink = Mp4Sink.toFile(file, format(FrameRate.of(25), MONO_48K));
    Thread writer =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    play(sink, 100_000, FrameRate.of(25), MONO_48K);
                  } catch (CancellationException e) {
                    // What this test is about.
                  }
                });
    while (Files.size(folder.resolve(names().getFirst())) < 1000) {
      Thread.onSpinWait();
    }
    sink.close();
    writer.join();
    assertThat(names()).isEmpty();
  }

  @Test
  void finishWithoutPicturesIsRefusedAndLeavesNothing() throws IOException {
    Path file = folder.resolve("talk.mp4");
    try (Mp4Sink sink = Mp4Sink.toFile(file, format(FrameRate.of(25), MONO_48K))) {
      sink.audio(new float[480], 480);
      assertThatThrownBy(sink::finish)
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("no picture was made")
          .hasMessageContaining("talk.mp4");
    }
    assertThat(names()).isEmpty();
  }
}
