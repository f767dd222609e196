package io.lipstream.speech;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SentencesTest {

  @Test
  void cutsAfterEndMarks() {
    assertThat(cut("One. Two! Three? Four")).containsExactly("One.", "Two!", "Three?", "Four");
    assertThat(cut("\"Stop!\" He ran. (Really.) Yes…  So it was."))
        .containsExactly("\"Stop!\"", "He ran.", "(Really.)", "Yes…", "So it was.");
  }

  @Test
  void keepsAbbreviationsInitialsAndNumbersWhole() {
    for (String whole :
        List.of(
            "Mr. Smith met Dr. Jones at St. Mary's.",
            "J. R. R. Tolkien wrote it.",
            "It costs 3.50 in the U.S. Navy shop.",
            "Fruit, e.g. Apples, i.e. Malus, is fine.",
            "See No. 5 and Fig. 3 of vol. 2.",
            "Visit example.com today.",
            "We met at 5 p.m. and left.",
            "\"Really?\" she said.",
            "Wait... what was that?",
            "Acme Inc. makes it.")) {
      assertThat(cut(whole)).containsExactly(whole);
    }
  }

  @Test
  void endsASentenceAfterAnAbbreviationWhereANewOneBegins() {
    assertThat(cut("He lives in the U.S. The house is big."))
        .containsExactly("He lives in the U.S.", "The house is big.");
    assertThat(cut("It ends at 5 p.m. Bring food.")).hasSize(2);
    assertThat(cut("It was I. He left.")).hasSize(2);
    assertThat(cut("I said no. He agreed.")).hasSize(2);
  }

  @Test
  void cutsTextsOfOtherScripts() {
    assertThat(cut("你好。今天好吗？很好！")).containsExactly("你好。", "今天好吗？", "很好！");
  }

  @Test
  void pausesLongerAfterAParagraph() {
    assertThat(Sentences.of("One. Two.\n\nThree."))
        .extracting(Sentence::pauseAfterMillis)
        .containsExactly(250, 500, 500);
  }

  @Test
  void joinsWrappedLinesAndSplitsLists() {
    assertThat(cut("A line\nthat goes on.")).containsExactly("A line that goes on.");
    assertThat(cut("Buy:\n- milk\n- bread\n1. eggs"))
        .containsExactly("Buy:", "milk", "bread", "1. eggs");
  }

  @Test
  void takesAwayMarkupAndWhatHasNoShape() {
    assertThat(cut("<p>Fish &amp; <b>chips</b> &#65;\u0000\u200B!</p><!-- no -->"))
        .containsExactly("Fish & chips A!");
    assertThat(cut("a < b and c > d")).containsExactly("a < b and c > d");
    assertThat(cut("&bogus; &#99999999; end")).hasSize(1);
  }

  @Test
  void leavesOutPartsWithoutAWord() {
    assertThat(cut("Hello. ... !!! - \uD83D\uDE00 World."))
        .containsExactly("Hello.", "- \uD83D\uDE00 World.");
  }

  @Test
  void cutsAVeryLongSentenceAtClauses() {
    String clause = "and then the story went on and on without any end in sight, ";
    List<Sentence> parts = Sentences.of(clause.repeat(20));
    assertThat(parts).allSatisfy(p -> assertThat(p.text().length()).isLessThanOrEqualTo(300));
    assertThat(parts.getFirst().text()).endsWith(",");
    assertThat(String.join(" ", cut(clause.repeat(20)))).isEqualTo(clause.repeat(20).strip());
  }

  @Test
  void cutsAHugeTextOfAbbreviations() {
    assertThat(cut("Mr. ".repeat(200_000))).allSatisfy(p -> assertThat(p).startsWith("Mr."));
  }

  @Test
  void cutsAVeryLongWordWithoutBreakingACharacter() {
    String word = "\uD835\uDD4F".repeat(1_000);
    List<String> parts = cut("a" + word);
    assertThat(String.join("", parts)).isEqualTo("a" + word);
    assertThat(parts).allSatisfy(p -> assertThat(Character.isLowSurrogate(p.charAt(0))).isFalse());
  }

  private static List<String> cut(String text) {
    return Sentences.of(text).stream().map(Sentence::text).toList();
  }
}
