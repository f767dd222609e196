package io.lipstream.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.app.render.Progress;
import io.lipstream.app.render.RenderPipeline;
import io.lipstream.app.render.RenderReport;
import io.lipstream.compositing.PasteEdge;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.lipsync.MediaSink;
import io.lipstream.media.lipsync.MouthGenerator;
import io.lipstream.media.picture.I420Frame;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The render pipeline with the tiny avatar: lengths, failures, cancellation. */
final class RenderPipelineTest {
  private static final int RATE_HZ = 16_000;

  private RenderCast cast;

  @BeforeEach
  void open() {
    cast =
        new RenderCast(
            Path.of("../avatars/tiny").toAbsolutePath().toString(), PasteEdge.FEATHERED, 2);
  }

  @AfterEach
  void close() {
    cast.close();
  }

  private static class CountingSink implements MediaSink {
    long frames;
    long samples;

    @Override
    public void video(I420Frame frame) {
      frames++;
    }

    @Override
    public void audio(float[] interleaved, int frameCount) {
      samples += frameCount;
    }

    @Override
    public void finish() {}

    @Override
    public void close() {}
  }

  private static PcmSource tone(int samples) {
    float[] sound = new float[samples];
    for (int i = 0; i < samples; i++) {
      sound[i] = 0.4f * (float) Math.sin(2 * Math.PI * 220 * i / RATE_HZ);
    }
    return new SampleSource(RATE_HZ, sound);
  }

  private RenderPipeline pipeline(RenderPipeline.Cast actors) {
    Progress silent =
        new Progress(Progress.Style.NONE, new PrintWriter(Writer.nullWriter()), System::nanoTime);
    return new RenderPipeline(actors, 25, 2, silent);
  }

  @Test
  void everySampleIsPassedOnAndEveryFrameOfItsTimeIsDrawn() {
    for (int samples : new int[] {1, 319, 640, 3_000, 16_000, 24_321, 100_000}) {
      CountingSink sink = new CountingSink();
      RenderReport report = pipeline(cast.cast()).run(tone(samples), sink);
      assertThat(sink.samples).isEqualTo(samples);
      assertThat(sink.frames).isEqualTo(Math.max(1, Math.round(samples / 640.0)));
      assertThat(report.frames()).isEqualTo(sink.frames);
    }
  }

  @Test
  void silenceNeedsNoGenerator() {
    RenderReport report =
        pipeline(cast.cast())
            .run(new SampleSource(RATE_HZ, new float[2 * RATE_HZ]), new CountingSink());
    assertThat(report.drawnFrames()).isZero();
    assertThat(report.frames()).isEqualTo(50);
  }

  @Test
  void aFailingSinkEndsTheRenderWithItsOwnError() {
    LipstreamException full =
        new LipstreamException(LipstreamException.Kind.OUTPUT, "no space left", "");
    MediaSink sink =
        new CountingSink() {
          @Override
          public void video(I420Frame frame) {
            if (++frames == 40) {
              throw full;
            }
          }
        };
    assertThatThrownBy(() -> pipeline(cast.cast()).run(tone(60 * RATE_HZ), sink)).isSameAs(full);
    assertNoThreadIsLeft();
  }

  @Test
  void aFailingSourceEndsTheRenderWithItsOwnError() {
    LipstreamException gone =
        new LipstreamException(LipstreamException.Kind.ENVIRONMENT, "the voice is gone", "");
    PcmSource sound = tone(60 * RATE_HZ);
    PcmSource source =
        new PcmSource() {
          private int reads;

          @Override
          public io.lipstream.media.audio.PcmFormat format() {
            return sound.format();
          }

          @Override
          public int read(float[] interleaved, int maxFrames) {
            if (++reads == 20) {
              throw gone;
            }
            return sound.read(interleaved, maxFrames);
          }

          @Override
          public java.util.OptionalLong expectedFrames() {
            return sound.expectedFrames();
          }

          @Override
          public void close() {}
        };
    assertThatThrownBy(() -> pipeline(cast.cast()).run(source, new CountingSink())).isSameAs(gone);
    assertNoThreadIsLeft();
  }

  @Test
  void aFailingGeneratorEndsTheRenderWithItsOwnError() {
    LipstreamException nan =
        new LipstreamException(LipstreamException.Kind.AVATAR, "not a number", "");
    RenderPipeline.Cast real = cast.cast();
    MouthGenerator failing =
        new MouthGenerator() {
          private int calls;

          @Override
          public int maxBatch() {
            return real.generator().maxBatch();
          }

          @Override
          public int roiPx() {
            return real.generator().roiPx();
          }

          @Override
          public synchronized void generate(
              int count, int[] frameIndices, float[] audioWindows, byte[] mouths) {
            if (++calls > 3) {
              throw nan;
            }
            real.generator().generate(count, frameIndices, audioWindows, mouths);
          }

          @Override
          public void close() {}
        };
    RenderPipeline.Cast actors =
        new RenderPipeline.Cast(
            real.audioEncoder(), failing, real.frames(), real.manifest(), real.edge());
    assertThatThrownBy(() -> pipeline(actors).run(tone(60 * RATE_HZ), new CountingSink()))
        .isSameAs(nan);
    assertNoThreadIsLeft();
  }

  @Test
  void cancellingStopsARunningRender() {
    RenderPipeline pipeline = pipeline(cast.cast());
    MediaSink sink =
        new CountingSink() {
          @Override
          public void video(I420Frame frame) {
            if (++frames == 10) {
              pipeline.cancel();
            }
          }
        };
    assertThatThrownBy(() -> pipeline.run(tone(600 * RATE_HZ), sink))
        .isInstanceOf(CancellationException.class);
    assertNoThreadIsLeft();
  }

  private static void assertNoThreadIsLeft() {
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(name -> name.startsWith("generator-") || name.equals("writer"));
  }

  @Test
  void theMouthOpensWithTheSoundAndRestsWithoutIt() {
    // One second of silence, one of noise in all bands, one of silence.
    float[] sound = new float[3 * RATE_HZ];
    Random random = new Random(1);
    for (int i = RATE_HZ; i < 2 * RATE_HZ; i++) {
      sound[i] = 0.8f * random.nextFloat() - 0.4f;
    }
    MouthMovement movement = MouthMovement.of(cast.cast(), new SampleSource(RATE_HZ, sound));

    assertThat(movement.differences()).hasSize(75);
    assertThat(Arrays.copyOfRange(movement.differences(), 0, 22)).containsOnly(0);
    assertThat(movement.largestBetween(25, 50)).isGreaterThan(3);
    // Closed within 120 ms of the end of the sound.
    assertThat(Arrays.copyOfRange(movement.differences(), 53, 75)).containsOnly(0);
  }
}
