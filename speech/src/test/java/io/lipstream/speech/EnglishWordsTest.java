package io.lipstream.speech;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnglishWordsTest {
  private static final Set<String> UNKNOWN = Set.of("cpu", "html", "mp", "xyz", "lipstream");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0                          | zero
          21                         | twenty one
          105                        | one hundred and five
          1,234,567                  | one million two hundred and thirty four thousand five hundred and sixty seven
          007                        | zero zero seven
          3.14                       | three point one four
          version 1.2.10             | version one point two point ten
          -5                         | minus five
          in 1999                    | in nineteen ninety nine
          in 2005                    | in two thousand five
          in 1905                    | in nineteen oh five
          in 2026.                   | in twenty twenty six .
          the 1990s                  | the nineteen nineties
          the 21st and 2nd           | the twenty first and second
          50%                        | fifty percent
          $3.50                      | three dollars and fifty cents
          $1                         | one dollar
          £2.5 million               | two point five million pounds
          €1,000                     | one thousand euros
          5:30pm                     | five thirty p m
          at 12:05                   | at twelve oh five
          at 9:00                    | at nine o'clock
          11 a.m. today              | eleven _a m today
          2026-11-21                 | november twenty first , twenty twenty six
          11/21/2026                 | november twenty first , twenty twenty six
          10-20 people               | ten to twenty people
          1/2 cup                    | one half cup
          555-1234                   | five five five , one two three four
          20 km/h                    | twenty kilometers per hour
          8 GB                       | eight gigabytes
          21°C                       | twenty one degrees celsius
          """)
  void readsNumbers(String written, String spoken) {
    assertThat(say(written)).isEqualTo(spoken);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Mr. Smith vs. Dr. No       | mister Smith versus doctor No
          St. John, Main St.         | saint John , Main street
          see Fig. 3 of a fig.       | see figure three of a fig .
          e.g. this, etc.            | for example this , et cetera
          Fish & chips               | Fish and chips
          a + b = c                  | a plus b equals c
          me@example.com             | me at example dot com
          https://www.example.com/a/ | example dot com slash _a
          example.org, please        | example dot org , please
          #win and #1                | hashtag win and number one
          the CPU of NASA            | the c p u of NASA
          the US and us              | the u s and us
          HELLO THERE US             | HELLO THERE US
          mp3                        | m p three
          and/or                     | and or
          wait... what               | wait . what
          yes -- no — maybe          | yes , no , maybe
          naïve Zoë Straße Ærø       | naive Zoe Strasse Aero
          don’t                      | don't
          Hmmm, pssst                | hum , pist
          a vitamin A, plan A        | a vitamin _a , plan _a
          (so) it                    | so , it
          """)
  void readsAbbreviationsAndSymbols(String written, String spoken) {
    assertThat(say(written)).isEqualTo(spoken);
  }

  @Test
  void dropsWhatEnglishCannotSay() {
    assertThat(say("Smile \uD83D\uDE00 你好 please")).isEqualTo("Smile please");
    assertThat(say("你好")).isEmpty();
    assertThat(say("\uD83D\uDE00 ?!")).isEmpty();
  }

  @Test
  void cutsEndlessWords() {
    assertThat(say("a".repeat(100)).split(" ")).hasSize(3);
  }

  private static String say(String sentence) {
    return EnglishWords.of(sentence, word -> !UNKNOWN.contains(word)).stream()
        .map(EnglishWords.Token::text)
        .collect(Collectors.joining(" "));
  }
}
