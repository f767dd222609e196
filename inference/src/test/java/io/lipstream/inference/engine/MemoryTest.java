package io.lipstream.inference.engine;

import static io.lipstream.inference.engine.Engines.open;
import static io.lipstream.inference.engine.Engines.status;
import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.inference.Networks;
import io.lipstream.inference.TensorSlot;
import io.lipstream.inference.engine.Frame.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Memory that no garbage collector frees comes back when a model goes. */
@EnabledOnOs(OS.LINUX)
class MemoryTest {
  /** The buffers alone are 30 MB a round. */
  private static final long KEPT_KB = 100_000;

  private static final int SERIES = 5;

  @TempDir Path root;

  @Test
  void unloadedModelsLeaveNothing() throws Exception {
    loadRunUnload(20);
  }

  @Test
  @Tag("slow")
  void unloadedModelsLeaveNothingAfterTwoHundredRounds() throws Exception {
    loadRunUnload(200);
  }

  private void loadRunUnload(int rounds) throws Exception {
    Files.copy(Networks.tinyGenerator(), root.resolve("face.onnx"));
    try (LocalEngine engine = Engines.start(Engines.oneWorker(), root)) {
      for (int round = 0; round < 5; round++) {
        loadRunUnload(engine);
      }
      // Java's own heap grows for a while too; what is kept grows every time.
      int loads = 5;
      long grownKb = KEPT_KB;
      for (int series = 0; series < SERIES && grownKb >= KEPT_KB; series++) {
        long before = residentKb();
        for (int round = 0; round < rounds; round++) {
          loadRunUnload(engine);
        }
        grownKb = residentKb() - before;
        loads += rounds;
      }
      assertThat(grownKb).isLessThan(KEPT_KB);
      assertThat(status(engine, "face").statistics().loads()).isEqualTo(loads);
      assertThat(engine.models().devices().getFirst().usedBytes()).isZero();
    }
  }

  private static void loadRunUnload(LocalEngine engine) throws Exception {
    try (FrameStream stream = open(engine, "face")) {
      Numbers frame =
          new Numbers() {
            @Override
            public void write(int input, TensorSlot slot) {}
          };
      Engines.submit(stream, frame);
      assertThat(frame.await()).isEqualTo(Outcome.COMPUTED);
    }
    assertThat(engine.models().unload("face")).isTrue();
  }

  @Test
  void measuredMemoryIsWhatALoadTakes() throws Exception {
    Files.copy(Networks.tinyGenerator(), root.resolve("face.onnx"));
    long buffers = 8L * 4 * (6 * 320 * 320 + 32 * 16 * 16 + 3 * 320 * 320);
    try (LocalEngine engine = Engines.start(Engines.oneWorker(), root)) {
      long measured = engine.models().load("face", false).bytes();
      // The buffers are exactly known; what the runtime keeps of a batch of eight comes on top.
      assertThat(measured).isBetween(buffers, 4 * buffers);
    }
  }

  private static long residentKb() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
