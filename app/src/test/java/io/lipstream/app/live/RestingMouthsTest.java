package io.lipstream.app.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.inference.EncoderSpec;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.OnnxEncoder;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.inference.lipsync.EngineGenerator;
import io.lipstream.media.audio.SpeechFeatures;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarPackage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Closed mouths of the tiny avatar, as if its frames showed it talking. */
final class RestingMouthsTest {
  private static final String TINY = "tiny";

  private final AvatarPackage avatar = AvatarPackage.open(Path.of("../avatars/tiny"));
  private final AvatarFrames frames = AvatarFrames.load(avatar, 1L << 28);
  private final OnnxEncoder encoder =
      new OnnxEncoder(EncoderSpec.of(TINY, avatar.audioEncoderFile()), EngineOptions.cpu());
  private final GeneratorSpec spec = GeneratorSpec.of(avatar, EngineOptions.cpu());
  private final Catalogue catalogue = Catalogue.empty();
  private final LocalEngine engine =
      LocalEngine.start(EngineSettings.cpu(), catalogue, EngineEvents.NONE, System::nanoTime);

  @AfterEach
  void close() {
    engine.close();
    encoder.close();
    frames.close();
    avatar.close();
  }

  private RestingMouths drawn() {
    catalogue.add(TINY, spec);
    return RestingMouths.drawn(engine, TINY, spec, frames, encoder);
  }

  private static void await(RestingMouths resting) throws InterruptedException {
    long end = System.nanoTime() + 30_000_000_000L;
    while (!resting.isComplete()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(2);
    }
  }

  @Test
  void eachFrameGetsWhatTheGeneratorDrawsInSilence() throws InterruptedException {
    List<float[]> windows = new ArrayList<>();
    SpeechFeatures features =
        new SpeechFeatures(encoder, 8, (index, window) -> windows.add(window.clone()));
    features.push(new float[32_000], 32_000);
    features.finish();
    float[] silence = windows.get(25);

    try (RestingMouths resting = drawn()) {
      await(resting);
      assertThat(engine.models().find(TINY).orElseThrow().statistics().frames())
          .isEqualTo(frames.frameCount());
      try (EngineGenerator generator =
          new EngineGenerator(engine, TINY, spec, frames, Priority.BULK, 1, 1)) {
        byte[] expected = new byte[3 * spec.roiPx() * spec.roiPx()];
        for (int frame = 0; frame < frames.frameCount(); frame++) {
          generator.generate(1, new int[] {frame}, silence, expected);
          byte[] found = resting.of(frame);
          assertThat(found).hasSameSizeAs(expected);
          for (int i = 0; i < expected.length; i++) {
            // A batch may round otherwise.
            assertThat(Math.abs((found[i] & 0xff) - (expected[i] & 0xff))).isLessThanOrEqualTo(1);
          }
        }
      }
    }
  }

  @Test
  void aFrameThatIsNotThereIsShownAsItIs() throws InterruptedException {
    try (RestingMouths resting = drawn()) {
      await(resting);
      assertThat(resting.of(frames.frameCount())).isEmpty();
    }
    assertThat(RestingMouths.NONE.isComplete()).isTrue();
    assertThat(RestingMouths.NONE.of(0)).isEmpty();
  }

  @Test
  void closingEndsTheDrawingAndItsThread() {
    drawn().close();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("resting-" + TINY));
    assertThat(engine.models().find(TINY).orElseThrow().streams()).isZero();
  }

  @Test
  void anEngineThatGoesAwayLeavesTheFramesAsTheyAre() throws InterruptedException {
    try (RestingMouths resting = drawn()) {
      engine.close();
      await(resting);
      int left = 0;
      for (int frame = 0; frame < frames.frameCount(); frame++) {
        left += resting.of(frame).length == 0 ? 1 : 0;
      }
      assertThat(left).isBetween(0, frames.frameCount());
    }
  }
}
