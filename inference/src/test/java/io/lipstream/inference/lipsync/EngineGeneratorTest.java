package io.lipstream.inference.lipsync;

import static io.lipstream.inference.Networks.ROI_PX;
import static io.lipstream.inference.Networks.fixture;
import static io.lipstream.inference.Networks.generate;
import static io.lipstream.inference.Networks.open;
import static io.lipstream.inference.Networks.pictureOf;
import static io.lipstream.inference.Networks.tinyFp16Generator;
import static io.lipstream.inference.Networks.tinyGenerator;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.inference.ChannelOrder;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.Networks.Patterns;
import io.lipstream.inference.ValueRange;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.GeneratorFamily;
import io.lipstream.media.picture.Rect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class EngineGeneratorTest {
  private static final float SILENCE = 0;
  private static final float LOUD = 5;

  @Test
  void silenceLeavesTheReferenceExactlyAsItIs() {
    try (EngineGenerator generator = open(tinyGenerator())) {
      assertThat(generate(generator, new int[] {3}, SILENCE)).isEqualTo(Patterns.planar(3));
    }
  }

  @Test
  void speechOpensADarkMouthAndTouchesNothingElse() {
    try (EngineGenerator generator = open(tinyGenerator())) {
      byte[] open = generate(generator, new int[] {0}, LOUD);
      byte[] closed = Patterns.planar(0);
      int middle = 214 * ROI_PX + 160;
      assertThat(open[middle] & 0xff).isEqualTo((int) (255 * 0.14f));
      for (int i = 0; i < ROI_PX * ROI_PX; i++) {
        int fromMiddle = Math.abs(i / ROI_PX - 214);
        if (fromMiddle > 45) {
          assertThat(open[i]).as("pixel %d of the blue plane", i).isEqualTo(closed[i]);
        }
      }
    }
  }

  @Test
  void batchEqualsSingleFrames() {
    int[] frames = {5, 0, 7, 5};
    float[] loudness = {LOUD, SILENCE, 2, 3};
    try (EngineGenerator generator = open(tinyGenerator())) {
      byte[] batch = generate(generator, frames, loudness);
      for (int i = 0; i < frames.length; i++) {
        byte[] single = generate(generator, new int[] {frames[i]}, loudness[i]);
        assertThat(pictureOf(batch, i)).as("frame %d", i).isEqualTo(single);
      }
    }
  }

  @Test
  void smallerBatchAfterALargerOneSeesNoLeftovers() {
    try (EngineGenerator generator =
        open(tinyGenerator(), EngineOptions.cpu().withConcurrentCalls(1))) {
      generate(generator, new int[] {0, 1, 2, 3}, LOUD, LOUD, LOUD, LOUD);
      byte[] two = generate(generator, new int[] {6, 4}, SILENCE, SILENCE);
      assertThat(pictureOf(two, 0)).isEqualTo(Patterns.planar(6));
      assertThat(pictureOf(two, 1)).isEqualTo(Patterns.planar(4));
    }
  }

  @Test
  void networkOfFixedBatchOneComputesAnyBatch() {
    int[] frames = {1, 2, 3};
    try (EngineGenerator dynamic = open(tinyGenerator());
        EngineGenerator fixed = open(fixture("generator-batch-of-1"))) {
      assertThat(fixed.maxBatch()).isEqualTo(dynamic.maxBatch());
      assertThat(generate(fixed, frames, LOUD, 2, SILENCE))
          .isEqualTo(generate(dynamic, frames, LOUD, 2, SILENCE));
    }
  }

  @Test
  void tensorsOfOtherNamesInOtherOrderAreFoundByTheirShapes() {
    try (EngineGenerator usual = open(tinyGenerator());
        EngineGenerator renamed = open(fixture("generator-renamed"))) {
      assertThat(generate(renamed, new int[] {2}, LOUD))
          .isEqualTo(generate(usual, new int[] {2}, LOUD));
    }
  }

  @Test
  void tensorsWithoutFixedSizesAreFoundByTheManifestsNames() {
    GeneratorSpec spec = syncTalk(fixture("generator-all-dynamic"), "visual", "audio", "mouth");
    try (EngineGenerator generator =
        EngineGenerator.alone(spec, new Patterns(), EngineOptions.cpu())) {
      assertThat(generate(generator, new int[] {1}, SILENCE)).isEqualTo(Patterns.planar(1));
    }
  }

  @Test
  void halfPrecisionStaysWithinOneLevel() {
    try (EngineGenerator full = open(tinyGenerator());
        EngineGenerator half = open(tinyFp16Generator())) {
      byte[] expected = generate(full, new int[] {4, 1}, 3, LOUD);
      byte[] found = generate(half, new int[] {4, 1}, 3, LOUD);
      for (int i = 0; i < expected.length; i++) {
        assertThat(Math.abs((found[i] & 0xff) - (expected[i] & 0xff))).isLessThanOrEqualTo(1);
      }
    }
  }

  @Test
  void maskedHalfIsBlackInsideTheBoxAndTheReferenceOutside() {
    Rect box = new Rect(5, 5, 311, 306);
    GeneratorSpec spec =
        new GeneratorSpec(
            "test",
            fixture("generator-shows-masked"),
            GeneratorFamily.SYNCTALK2D_328,
            box,
            ChannelOrder.BGR,
            ValueRange.UNIT,
            "",
            "",
            "");
    byte[] expected = Patterns.planar(2);
    for (int plane = 0; plane < 3; plane++) {
      for (int y = box.y1(); y < box.y2(); y++) {
        for (int x = box.x1(); x < box.x2(); x++) {
          expected[(plane * ROI_PX + y) * ROI_PX + x] = 0;
        }
      }
    }
    try (EngineGenerator generator =
        EngineGenerator.alone(spec, new Patterns(), EngineOptions.cpu())) {
      assertThat(generate(generator, new int[] {2}, SILENCE)).isEqualTo(expected);
    }
  }

  @Test
  void redFirstNetworksOfAnotherRangeGetAndGiveTheSamePicture() {
    GeneratorSpec spec =
        new GeneratorSpec(
            "test",
            fixture("generator-shows-masked"),
            GeneratorFamily.SYNCTALK2D_328,
            new Rect(0, 0, 1, 1),
            ChannelOrder.RGB,
            new ValueRange(-1, 1),
            "",
            "",
            "");
    byte[] expected = Patterns.planar(0);
    for (int plane = 0; plane < 3; plane++) {
      expected[plane * ROI_PX * ROI_PX] = 0;
    }
    try (EngineGenerator generator =
        EngineGenerator.alone(spec, new Patterns(), EngineOptions.cpu())) {
      byte[] found = generate(generator, new int[] {0}, SILENCE);
      for (int i = 0; i < expected.length; i++) {
        assertThat(Math.abs((found[i] & 0xff) - (expected[i] & 0xff))).isLessThanOrEqualTo(1);
      }
    }
  }

  @Test
  void brightnessBeyondTheRangeIsClamped() {
    try (EngineGenerator generator = open(fixture("generator-echo-float16"))) {
      byte[] bytes = generate(generator, new int[] {0, 0, 0, 0}, 1.5f, -0.5f, 0.5f, 60_000);
      assertThat(pictureOf(bytes, 0)).containsOnly((byte) 255);
      assertThat(pictureOf(bytes, 1)).containsOnly((byte) 0);
      assertThat(pictureOf(bytes, 2)).containsOnly((byte) 127);
      assertThat(pictureOf(bytes, 3)).containsOnly((byte) 255);
    }
  }

  @Test
  void valueThatIsNotANumberNamesAvatarAndFrame() {
    try (EngineGenerator generator = open(fixture("generator-not-a-number"))) {
      assertThatThrownBy(() -> generate(generator, new int[] {0, 6}, SILENCE, -1))
          .isInstanceOf(LipstreamException.class)
          .hasMessage(
              "the generator of avatar test returned a value that is not a number at frame 6");
      assertThatThrownBy(() -> generate(generator, new int[] {5}, 4))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("not a number at frame 5");
      assertThat(generate(generator, new int[] {1}, SILENCE)).isEqualTo(Patterns.planar(1));
    }
  }

  @Test
  void floatSixteenInfinityIsNotANumberEither() {
    try (EngineGenerator generator = open(fixture("generator-echo-float16"))) {
      assertThatThrownBy(() -> generate(generator, new int[] {3}, 70_000))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("not a number at frame 3");
    }
  }

  @Test
  void threadsAtOnceGetTheirOwnPictures() throws Exception {
    try (EngineGenerator generator =
            open(tinyGenerator(), EngineOptions.cpu().withConcurrentCalls(2));
        ExecutorService callers = Executors.newFixedThreadPool(4)) {
      List<Future<?>> results = new ArrayList<>();
      for (int caller = 0; caller < 4; caller++) {
        int first = caller;
        results.add(callers.submit(() -> drawInTurn(generator, first)));
      }
      for (Future<?> result : results) {
        result.get();
      }
    }
  }

  private static void drawInTurn(EngineGenerator generator, int first) {
    for (int turn = 0; turn < 25; turn++) {
      int[] frames = {(first + turn) % 8, (first * 3 + turn) % 8};
      byte[] mouths = generate(generator, frames, SILENCE, SILENCE);
      assertThat(pictureOf(mouths, 0)).isEqualTo(Patterns.planar(frames[0]));
      assertThat(pictureOf(mouths, 1)).isEqualTo(Patterns.planar(frames[1]));
    }
  }

  @Test
  void misuseNamesTheValue() {
    try (EngineGenerator generator = open(tinyGenerator())) {
      assertThatThrownBy(() -> generate(generator, new int[5], 0, 0, 0, 0, 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("5 frames for batches of at most 4");
      assertThatThrownBy(() -> generate(generator, new int[] {8}, 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("frame 8 of an avatar of 8");
      assertThatThrownBy(() -> generator.generate(1, new int[1], new float[10], new byte[10]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("audioWindows holds 10, needed 8192");
    }
  }

  private static GeneratorSpec syncTalk(Path file, String visual, String audio, String output) {
    return new GeneratorSpec(
        "test",
        file,
        GeneratorFamily.SYNCTALK2D_328,
        new Rect(5, 5, 315, 310),
        ChannelOrder.BGR,
        ValueRange.UNIT,
        visual,
        audio,
        output);
  }
}
