package io.lipstream.speech;

import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The phonemes of English words with an apostrophe, in MaryTTS's SAMPA.
 *
 * <p>MaryTTS's lexicon has none of them, and its letter-to-sound rules read "don't" as "dant".
 */
final class Contractions {
  /** Words whose sound is not that of their parts. */
  private static final Map<String, String> IRREGULAR =
      Map.ofEntries(
          Map.entry("don't", "' d @U n t"),
          Map.entry("won't", "' w @U n t"),
          Map.entry("can't", "' k { n t"),
          Map.entry("ain't", "' EI n t"),
          Map.entry("aren't", "' A r n t"),
          Map.entry("weren't", "' w r= n t"),
          Map.entry("mustn't", "' m V - s @ n t"),
          Map.entry("you're", "' j U r"),
          Map.entry("we're", "' w I r"),
          Map.entry("they're", "' D E r"),
          Map.entry("o'clock", "@ - ' k l A k"),
          Map.entry("ma'am", "' m { m"),
          Map.entry("y'all", "' j O l"),
          Map.entry("let's", "' l E t s"));

  private Contractions() {}

  /**
   * An irregular word's own sound, or that of its base and what is added.
   *
   * @param word lower case, with an apostrophe inside
   * @param pronounced the phonemes of a word without one
   */
  static String phonemes(String word, UnaryOperator<String> pronounced) {
    String irregular = IRREGULAR.get(word);
    if (irregular != null) {
      return irregular;
    }
    int apostrophe = word.indexOf('\'');
    String suffix = word.substring(apostrophe + 1);
    boolean negated = suffix.equals("t") && word.charAt(apostrophe - 1) == 'n' && apostrophe > 1;
    String base = pronounced.apply(word.substring(0, negated ? apostrophe - 1 : apostrophe));
    if (negated) {
      return base + " - @ n t";
    }
    String last = base.substring(base.lastIndexOf(' ') + 1);
    boolean vowel = "@U AI EI aU OI i u A O E I U V { @ r= ".contains(last + " ");
    return base
        + switch (suffix) {
          case "m" -> " m";
          case "s" -> possessive(last);
          case "ll" -> vowel ? " l" : " - @ l";
          case "ve" -> vowel ? " v" : " - @ v";
          case "d" -> vowel ? " d" : " - @ d";
          case "re" -> " - r=";
          default -> " - " + pronounced.apply(suffix.replace("'", ""));
        };
  }

  private static String possessive(String lastPhoneme) {
    return switch (lastPhoneme) {
      case "s", "z", "S", "Z", "tS", "dZ" -> " - @ z";
      case "p", "t", "k", "f", "T" -> " s";
      default -> " z";
    };
  }
}
