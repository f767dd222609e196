package io.lipstream.speech;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SentenceCutterTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Hello there! How are you? | Hello there!;How are you?",
        "Dr. Smith lives at 3 Main St. in Leeds. He is in. | Dr. Smith lives at 3 Main St. in Leeds.;He is in.",
        "Pi is 3.14 and e.g. J. S. Bach knew. Yes. | Pi is 3.14 and e.g. J. S. Bach knew.;Yes.",
        "We met at 5 p.m. Then we left. | We met at 5 p.m.;Then we left.",
        "Made in the U.S. The label says so. | Made in the U.S.;The label says so.",
        "Wait... what? No! | Wait... what?;No!",
        "\"Stop!\" he said. Fine. | \"Stop!\" he said.;Fine.",
        "**Bold.** And `code`. [A link](http://x.y/z). | Bold.;And code.;A link.",
        "## A title\\n\\nText. | A title;Text.",
        "Buy:\\n- milk\\n- eggs | Buy:;milk;eggs",
        "1. One thing\\n2. Another | 1.;One thing;2.;Another",
        "你好。今天好吗？ | 你好。;今天好吗？",
        "No end | No end",
        "... | ",
        "Hi 😀! Bye. | Hi 😀!;Bye."
      })
  void cutsTheSameHoweverTheTextComes(String text, String expected) {
    String said = text.replace("\\n", "\n");
    List<String> wanted = expected == null ? List.of() : List.of(expected.split(";", -1));
    assertThat(cut(said, said.length())).isEqualTo(wanted);
    assertThat(cut(said, 1)).isEqualTo(wanted);
    assertThat(cut(said, 3)).isEqualTo(wanted);
  }

  @Test
  void givesASentenceAsSoonAsItsEndIsCertain() {
    List<String> heard = new ArrayList<>();
    SentenceCutter cutter = new SentenceCutter(heard::add);
    cutter.push("Hello");
    cutter.push(" there!");
    assertThat(heard).isEmpty();
    cutter.push(" H");
    assertThat(heard).containsExactly("Hello there!");
    cutter.push("ow are you? I met Mr.");
    assertThat(heard).hasSize(2);
    cutter.push(" Bean. ");
    assertThat(heard).hasSize(2);
    cutter.finish();
    assertThat(heard).containsExactly("Hello there!", "How are you?", "I met Mr. Bean.");
  }

  @Test
  void cutsWhatNeverEnds() {
    String endless = "and so on, ".repeat(100);
    List<String> heard = cut(endless, 5);
    assertThat(heard).hasSizeGreaterThan(3).allSatisfy(s -> assertThat(s).hasSizeLessThan(301));
    assertThat(String.join(" ", heard)).isEqualTo(endless.strip());
  }

  @Test
  void losesNoWordOfAnyText() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    String[] parts = {
      "Mr. ", "word ", "Word", ". ", "! ", "\n", "\n\n", "- ", "e.g. ", "3.5 ", "U.S. ", "? ", "I",
      "\" ", "(", ") ", "… ", "。", "end.", " ", "5 p.m. ", "A."
    };
    for (int round = 0; round < 3_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(60); i > 0; i--) {
        text.append(parts[random.nextInt(parts.length)]);
      }
      assertThat(letters(String.join("", cut(text.toString(), 1 + random.nextInt(9)))))
          .as("seed %d: %s", seed, text)
          .isEqualTo(letters(text.toString()));
    }
  }

  private static String letters(String text) {
    return text.replaceAll("[^\\p{L}\\p{N}]", "");
  }

  private static List<String> cut(String text, int step) {
    List<String> heard = new ArrayList<>();
    SentenceCutter cutter = new SentenceCutter(heard::add);
    for (int i = 0; i < text.length(); i += step) {
      cutter.push(text.substring(i, Math.min(text.length(), i + step)));
    }
    cutter.finish();
    return heard;
  }
}
