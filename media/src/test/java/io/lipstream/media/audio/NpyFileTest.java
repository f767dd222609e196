package io.lipstream.media.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyFileTest {
  @TempDir Path folder;

  @Test
  void writesWhatNumPyReads() throws IOException {
    Path file = folder.resolve("a.npy");
    try (NpyFile npy = NpyFile.create(file, 3)) {
      npy.write(new float[] {1, 2, 3});
      npy.write(new float[] {-0.5f, Float.MAX_VALUE, 1e-20f, 99});
      npy.finish();
    }
    byte[] bytes = Files.readAllBytes(file);
    // As numpy.save writes it: magic, version 1.0, header length, a dictionary padded to 64 bytes.
    assertThat(Arrays.copyOf(bytes, 10))
        .containsExactly(0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0);
    String header = new String(bytes, 10, 118, StandardCharsets.US_ASCII);
    assertThat(header)
        .startsWith("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } ")
        .endsWith(" \n");
    float[] values = new float[6];
    ByteBuffer.wrap(bytes, 128, bytes.length - 128)
        .slice()
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(values);
    assertThat(values).containsExactly(1, 2, 3, -0.5f, Float.MAX_VALUE, 1e-20f);
    assertThat(bytes).hasSize(128 + 24);
  }

  @Test
  void countsMoreRowsThanFitIntoItsBuffer() throws IOException {
    Path file = folder.resolve("a.npy");
    try (NpyFile npy = NpyFile.create(file, 512)) {
      for (int i = 0; i < 1_000; i++) {
        float[] row = new float[512];
        Arrays.fill(row, i);
        npy.write(row);
      }
      npy.finish();
    }
    byte[] bytes = Files.readAllBytes(file);
    assertThat(bytes).hasSize(128 + 1_000 * 512 * 4);
    assertThat(new String(bytes, 10, 118, StandardCharsets.US_ASCII)).contains("(1000, 512)");
    ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(data.getFloat(128 + 700 * 2048)).isEqualTo(700);
  }

  @Test
  void leavesNothingBehindUnlessFinished() throws IOException {
    Path file = Files.writeString(folder.resolve("a.npy"), "older");
    try (NpyFile npy = NpyFile.create(file, 1)) {
      npy.write(new float[1]);
      assertThat(file).hasContent("older");
    }
    assertThat(folder).isDirectoryContaining(file::equals);
    assertThat(file).hasContent("older");
    try (var files = Files.list(folder)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void namesWhatPreventsTheWriting() {
    assertRefused(folder.resolve("none/a.npy"), "its folder does not exist", "mkdir -p");
    assertRefused(folder, "it is a folder", "name a file");
  }

  @Test
  void refusesRowsAfterTheEnd() {
    NpyFile npy = NpyFile.create(folder.resolve("a.npy"), 1);
    npy.finish();
    npy.close();
    assertThatThrownBy(() -> npy.write(new float[1])).isInstanceOf(IllegalStateException.class);
  }

  private static void assertRefused(Path file, String message, String hint) {
    LipstreamException refusal =
        catchThrowableOfType(LipstreamException.class, () -> NpyFile.create(file, 1).close());
    assertThat(refusal.kind()).isEqualTo(LipstreamException.Kind.OUTPUT);
    assertThat(refusal).hasMessageContaining(message);
    assertThat(refusal.hint()).contains(hint);
  }
}
