package io.lipstream.inference.lipsync;

import static io.lipstream.inference.Networks.ROI_PX;
import static io.lipstream.inference.Networks.generate;
import static io.lipstream.inference.Networks.open;
import static io.lipstream.inference.Networks.tinyGenerator;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.Networks.Patterns;
import io.lipstream.media.avatar.GeneratorFamily;
import io.lipstream.media.lipsync.ReferenceCrops;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Closing and memory: native resources that no garbage collector frees. */
class GeneratorLifetimeTest {

  @Test
  void closedGeneratorRefuses() {
    EngineGenerator generator = open(tinyGenerator());
    generator.close();
    generator.close();
    assertThatThrownBy(() -> generate(generator, new int[] {0}, 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the generator of avatar test is closed");
  }

  @Test
  void closeWaitsForTheCallThatComputes() throws Exception {
    SlowCrops crops = new SlowCrops();
    EngineGenerator generator =
        EngineGenerator.alone(
            GeneratorSpec.of("test", GeneratorFamily.SYNCTALK2D_328, tinyGenerator()),
            crops,
            EngineOptions.cpu());
    FutureTask<byte[]> call = new FutureTask<>(() -> generate(generator, new int[] {7}, 0));
    FutureTask<Boolean> close =
        new FutureTask<>(
            () -> {
              generator.close();
              return call.isDone();
            });
    Thread.ofPlatform().start(call);
    crops.entered.await();
    Thread closer = Thread.ofPlatform().start(close);
    while (closer.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    crops.mayLeave.countDown();
    assertThat(call.get()).isEqualTo(Patterns.planar(7));
    close.get();
    assertThatThrownBy(() -> generate(generator, new int[] {0}, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void callerThatFindsAllBuffersTakenWaitsForThem() throws Exception {
    SlowCrops crops = new SlowCrops();
    try (EngineGenerator generator =
        EngineGenerator.alone(
            GeneratorSpec.of("test", GeneratorFamily.SYNCTALK2D_328, tinyGenerator()),
            crops,
            EngineOptions.cpu().withConcurrentCalls(1))) {
      FutureTask<byte[]> first = new FutureTask<>(() -> generate(generator, new int[] {7}, 0));
      FutureTask<byte[]> second = new FutureTask<>(() -> generate(generator, new int[] {2}, 0));
      Thread.ofPlatform().start(first);
      crops.entered.await();
      Thread waiting = Thread.ofPlatform().start(second);
      while (waiting.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      assertThat(first.isDone()).isFalse();
      crops.mayLeave.countDown();
      assertThat(first.get()).isEqualTo(Patterns.planar(7));
      assertThat(second.get()).isEqualTo(Patterns.planar(2));
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void loadingAndClosingAgainAndAgainKeepsNoMemory() throws IOException {
    EngineOptions small = EngineOptions.cpu().withMaxBatch(1);
    for (int round = 0; round < 30; round++) {
      loadRunClose(small);
    }
    // The buffers alone are 3.7 MB a round: kept ones would add 740 MB, and that every time.
    // Java's own heap grows for a while too.
    long allowedKb = 150_000;
    long grownKb = allowedKb;
    for (int series = 0; series < 4 && grownKb >= allowedKb; series++) {
      long beforeKb = residentKb();
      for (int round = 0; round < 200; round++) {
        loadRunClose(small);
      }
      grownKb = residentKb() - beforeKb;
    }
    assertThat(grownKb).isLessThan(allowedKb);
  }

  private static void loadRunClose(EngineOptions options) {
    try (EngineGenerator generator = open(tinyGenerator(), options)) {
      generate(generator, new int[] {1}, 3);
    }
  }

  private static long residentKb() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  /** Holds whoever asks for the last frame until it may leave. */
  private static final class SlowCrops implements ReferenceCrops {
    final CountDownLatch entered = new CountDownLatch(1);
    final CountDownLatch mayLeave = new CountDownLatch(1);
    private final Patterns patterns = new Patterns();

    @Override
    public int frameCount() {
      return patterns.frameCount();
    }

    @Override
    public int roiPx() {
      return ROI_PX;
    }

    @Override
    public void copyRoi(int frameIndex, byte[] bgr) {
      if (frameIndex == patterns.frameCount() - 1) {
        entered.countDown();
        try {
          mayLeave.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      patterns.copyRoi(frameIndex, bgr);
    }
  }
}
