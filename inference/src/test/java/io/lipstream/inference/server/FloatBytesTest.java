package io.lipstream.inference.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class FloatBytesTest {
  @Test
  void floatsAreReadAcrossPiecesThatAreCutAnywhere() {
    Random random = new Random(11);
    for (int run = 0; run < 200; run++) {
      float[] values = new float[200];
      for (int i = 0; i < values.length; i++) {
        values[i] = random.nextFloat();
      }
      ByteString whole = Talk.bytes(values);
      ByteString cut = ByteString.EMPTY;
      for (int from = 0; from < whole.size(); ) {
        int to = Math.min(whole.size(), from + 1 + random.nextInt(150));
        cut = cut.concat(whole.substring(from, to));
        from = to;
      }
      int first = random.nextInt(100);
      int count = 1 + random.nextInt(100);
      float[] found = new float[count];
      new FloatBytes(cut).copyTo(new ArraySlot(found), first, count);
      assertThat(found).isEqualTo(java.util.Arrays.copyOfRange(values, first, first + count));
    }
  }

  @Test
  void askingForMoreThanThereIsFails() {
    FloatBytes bytes = new FloatBytes(Talk.bytes(new float[10]));
    assertThatThrownBy(() -> bytes.copyTo(new ArraySlot(new float[20]), 5, 6))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }
}
