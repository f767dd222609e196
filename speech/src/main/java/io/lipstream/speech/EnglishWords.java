package io.lipstream.speech;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * The words of a sentence as an English speaker would read it aloud.
 *
 * <p>Letters of other scripts, emoji and marks without a spoken form are dropped, acronyms that the
 * lexicon does not know are spelled.
 */
final class EnglishWords {

  /** A word to look up (letters and apostrophes, or a letter's name), or a punctuation mark. */
  record Token(String text) {
    boolean isPunctuation() {
      return !Character.isLetter(text.charAt(0)) && text.length() == 1;
    }
  }

  private static final int MAX_WORD_CHARS = 40;

  /** How the lexicon writes the name of the letter a. */
  static final String LETTER_A = "_a";

  /** Capitals that spell something although the lexicon knows a word of those letters. */
  private static final Set<String> SPELLED =
      Set.of("US", "UK", "EU", "UN", "AI", "PC", "TV", "ID", "API");

  /** Words with inner apostrophes, or one mark. */
  private static final Pattern TOKEN = Pattern.compile("_a\\b|[a-zA-Z]+(?:'[a-zA-Z]+)*|[,.;:!?()]");

  private EnglishWords() {}

  /**
   * The tokens of one sentence; empty if it has nothing an English speaker could read.
   *
   * @param known tells whether the lexicon has a word (lower case); unknown capitals are spelled
   */
  static List<Token> of(String sentence, Predicate<String> known) {
    String text = SpokenForms.of(latin(sentence));
    boolean shouting = text.equals(text.toUpperCase(Locale.ROOT)) && text.contains(" ");
    List<Token> tokens = new ArrayList<>();
    TOKEN.matcher(text).results().forEach(m -> addToken(m.group(), shouting, known, tokens));
    nameLoneLetterA(tokens);
    boolean anyWord = tokens.stream().anyMatch(token -> !token.isPunctuation());
    return anyWord ? tokens : List.of();
  }

  /** Before a mark or at the end, as in "vitamin A", it is the letter, not the article. */
  private static void nameLoneLetterA(List<Token> tokens) {
    for (int i = 0; i < tokens.size(); i++) {
      boolean lone = i == tokens.size() - 1 || tokens.get(i + 1).isPunctuation();
      if (lone && tokens.get(i).text().equalsIgnoreCase("a")) {
        tokens.set(i, letter('a'));
      }
    }
  }

  /** Folds the text to ASCII letters, digits and the symbols the rules know. */
  private static String latin(String sentence) {
    String folded =
        sentence
            .replaceAll("[‘’ʼ`´]", "'")
            .replace("ß", "ss")
            .replace("æ", "ae")
            .replace("Æ", "Ae")
            .replace("œ", "oe")
            .replace("Œ", "Oe")
            .replace("ø", "o")
            .replace("Ø", "O")
            .replace("ł", "l")
            .replace("Ł", "L")
            .replace("đ", "d")
            .replace("ð", "th")
            .replace("þ", "th")
            .replace("ı", "i")
            .replace("…", "...");
    folded = Normalizer.normalize(folded, Normalizer.Form.NFKD);
    StringBuilder text = new StringBuilder(folded.length());
    folded
        .codePoints()
        .filter(c -> Character.getType(c) != Character.NON_SPACING_MARK)
        .map(c -> Character.isDigit(c) ? '0' + Character.digit(c, 10) : c)
        .forEach(text::appendCodePoint);
    return text.toString();
  }

  private static void addToken(
      String text, boolean shouting, Predicate<String> known, List<Token> tokens) {
    if (text.equals(LETTER_A)) {
      tokens.add(new Token(text));
      return;
    }
    if (!Character.isLetter(text.charAt(0))) {
      addMark(text, tokens);
      return;
    }
    String lower = text.toLowerCase(Locale.ROOT);
    boolean capitals = text.length() > 1 && text.equals(text.toUpperCase(Locale.ROOT));
    boolean unpronounceable = !lower.matches(".*[aeiouy].*") && !known.test(lower);
    boolean acronym =
        capitals
            && !shouting
            && text.length() <= 5
            && (SPELLED.contains(text) || !known.test(lower));
    if (text.length() > 1 && (unpronounceable || acronym) && !text.contains("'")) {
      lower.chars().forEach(c -> tokens.add(letter((char) c)));
      return;
    }
    String word = text.length() > MAX_WORD_CHARS ? text.replace("'", "") : text;
    for (int start = 0; start < word.length(); start += MAX_WORD_CHARS) {
      tokens.add(new Token(word.substring(start, Math.min(word.length(), start + MAX_WORD_CHARS))));
    }
  }

  /** The letter's name; a bare "a" would be the article. */
  private static Token letter(char c) {
    return new Token(c == 'a' ? LETTER_A : String.valueOf(c));
  }

  /** One mark between words, none before the first. */
  private static void addMark(String mark, List<Token> tokens) {
    String said = mark.equals("(") || mark.equals(")") ? "," : mark;
    if (tokens.isEmpty()) {
      return;
    }
    if (tokens.getLast().isPunctuation()) {
      tokens.removeLast();
    }
    tokens.add(new Token(said));
  }
}
