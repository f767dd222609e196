package io.lipstream.speech.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventStreamTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "data: a~~data: b~~ | a;b",
        "data:a~~data:  b~~ | a; b",
        "data: a~~ data: b~~ | a",
        "data: a~data: b~~ | a\\b",
        "data: a | a",
        "data: a~ | a",
        ": comment~~data: a~~:~~ | a",
        "event: x~id: 7~retry: 3~data: a~~ | a",
        "event: ping~~ | NONE",
        "data~~ | EMPTY",
        "data:~~ | EMPTY",
        "date: a~~datas: b~~ | NONE",
        "~~~~~ | NONE",
        "~ | NONE",
        "data: ä€😀~~ | ä€😀",
        "\uFEFFdata: a~~ | a",
        "\uFEFF\uFEFFdata: a~~ | NONE"
      })
  void readsWhatServersSend(String said, String expected) throws IOException {
    List<String> wanted =
        switch (expected) {
          case "NONE" -> List.of();
          case "EMPTY" -> List.of("");
          default -> List.of(expected.replace("\\", "\n").split(";", -1));
        };
    for (String lineEnd : List.of("\n", "\r\n", "\r")) {
      byte[] bytes = said.replace("~", lineEnd).getBytes(UTF_8);
      assertThat(events(new ByteArrayInputStream(bytes))).isEqualTo(wanted);
      assertThat(events(inPieces(bytes, new Random(1), 1))).isEqualTo(wanted);
    }
  }

  @Test
  void givesAnEventBeforeTheStreamGoesOn() throws IOException {
    InputStream endless =
        new InputStream() {
          private final byte[] start = "data: a\n\n".getBytes(UTF_8);
          private int position;

          @Override
          public int read() {
            throw new AssertionError("read beyond what was there");
          }

          @Override
          public int read(byte[] bytes, int offset, int length) {
            if (position == start.length) {
              throw new AssertionError("read beyond what was there");
            }
            System.arraycopy(start, 0, bytes, offset, start.length);
            position = start.length;
            return start.length;
          }
        };
    assertThat(new EventStream(endless).next()).isEqualTo("a");
  }

  @Test
  void refusesAnEventThatNeverEnds() {
    byte[] line = ("data: " + "x".repeat(2 << 20)).getBytes(UTF_8);
    assertThatThrownBy(() -> events(new ByteArrayInputStream(line)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("larger than");
    byte[] lines = "data: xxxxxxxxxxxxxxxxxxxx\n".repeat(100_000).getBytes(UTF_8);
    assertThatThrownBy(() -> events(new ByteArrayInputStream(lines)))
        .isInstanceOf(IOException.class);
  }

  @Test
  void survivesAnyBytesHoweverTheyAreCut() throws IOException {
    fuzz(20_000);
  }

  @Test
  @Tag("slow")
  void survivesAnyBytesForLong() throws IOException {
    fuzz(1_000_000);
  }

  /** Whatever comes, cutting it into other pieces changes nothing, and no line break is left. */
  private static void fuzz(int rounds) throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] alphabet = "data:: \n\r\n\r{}[]\"x\\DONE\u00e4\uFEFF".getBytes(UTF_8);
    for (int round = 0; round < rounds; round++) {
      byte[] bytes = new byte[random.nextInt(200)];
      boolean anyBytes = random.nextInt(4) == 0;
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] =
            anyBytes ? (byte) random.nextInt(256) : alphabet[random.nextInt(alphabet.length)];
      }
      List<String> whole = events(new ByteArrayInputStream(bytes));
      assertThat(events(inPieces(bytes, random, 7)))
          .as("seed %d, bytes %s", seed, Arrays.toString(bytes))
          .isEqualTo(whole)
          .allSatisfy(event -> assertThat(event).doesNotContain("\r"));
    }
  }

  private static List<String> events(InputStream in) throws IOException {
    EventStream stream = new EventStream(in);
    List<String> events = new ArrayList<>();
    for (String event = stream.next(); event != null; event = stream.next()) {
      events.add(event);
    }
    assertThat(stream.next()).isNull();
    return events;
  }

  private static InputStream inPieces(byte[] bytes, Random random, int longest) {
    return new ByteArrayInputStream(bytes) {
      @Override
      public synchronized int read(byte[] target, int offset, int length) {
        return super.read(target, offset, Math.min(length, 1 + random.nextInt(longest)));
      }
    };
  }
}
