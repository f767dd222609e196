package io.lipstream.speech;

import io.lipstream.media.LipstreamException;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts text into sentences.
 *
 * <p>A sentence ends at . ! ? or their relatives when a gap and something other than a lower-case
 * letter follows, except after an abbreviation or an initial. Rules instead of the JDK's
 * BreakIterator, which ends a sentence after every "Mr." and "e.g.".
 */
final class Sentences {
  static final int MAX_CHARS = 300;
  static final int SENTENCE_PAUSE_MILLIS = 250;
  static final int PARAGRAPH_PAUSE_MILLIS = 500;
  private static final int CLAUSE_PAUSE_MILLIS = 120;

  private static final Pattern MARKUP =
      Pattern.compile("<!--.{0,2000}?-->|</?[a-zA-Z][^<>]{0,300}>", Pattern.DOTALL);
  private static final Pattern ENTITY =
      Pattern.compile("&(#\\d{1,6}|#x[0-9a-fA-F]{1,5}|\\w{2,6});");
  private static final Map<String, String> ENTITIES =
      Map.of("amp", "&", "lt", "<", "gt", ">", "quot", "\"", "apos", "'", "nbsp", " ");

  /** Controls and the like, but not the joiners that some scripts need. */
  private static final Pattern INVISIBLE = Pattern.compile("[\\p{C}&&[^\n\t\\u200C\\u200D]]");

  private static final Pattern PARAGRAPH = Pattern.compile("\n\\s*\n");
  private static final Pattern LIST_ITEM = Pattern.compile("\n(?=[ \t]*(?:[-*•]|\\d{1,3}[.)]) )");

  /** Where a paragraph or a list's item ends. */
  private static final Pattern BREAK =
      Pattern.compile("\\n[ \\t]*\\n|\\n(?=[ \\t]*(?:[-*•]|\\d{1,3}[.)]) )");

  private static final Pattern LIST_MARK = Pattern.compile("^\\s*[-*•]\\s+");

  /** Runs of end marks with the quotes and brackets that close over them. */
  private static final Pattern END =
      Pattern.compile("(?:[.!?…]+[\"'”’»)\\]]*(?=\\s|$))|(?:[。！？।]+[」』”]*)");

  private static final Pattern OPENING = Pattern.compile("^[\"'“‘(\\[]+");
  private static final Pattern INITIAL = Pattern.compile("\\p{Lu}");
  private static final Pattern DOTTED = Pattern.compile("(?:\\p{L}\\.)+\\p{L}");

  /** Abbreviations after which the sentence always goes on. */
  private static final Set<String> TITLES =
      Set.of(
          "mr", "mrs", "ms", "mx", "dr", "prof", "st", "gen", "col", "sgt", "capt", "lt", "rev",
          "hon", "gov", "sen", "rep", "vs", "fig", "eq", "approx", "dept", "est", "e.g", "i.e",
          "eg", "ie", "cf", "al", "mt", "ft", "messrs", "mme", "mlle");

  /** Abbreviations that may also be a sentence's last word. */
  private static final Set<String> TAILS =
      Set.of(
          "etc", "inc", "ltd", "co", "corp", "jr", "sr", "bros", "ave", "blvd", "rd", "a.m", "p.m",
          "ph.d", "b.c", "a.d", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept",
          "oct", "nov", "dec", "no", "nos", "vol", "ed", "pp");

  /** Words that open sentences far more often than they follow "U.S." inside one. */
  private static final Set<String> OPENERS =
      Set.of(
          "the", "a", "an", "it", "he", "she", "we", "they", "i", "you", "this", "that", "these",
          "those", "there", "here", "in", "on", "at", "but", "and", "so", "if", "when", "while",
          "what", "why", "how", "who", "where", "as", "for", "my", "our", "his", "her", "its",
          "their", "your", "then", "now", "however", "after", "before", "let", "is", "are", "do",
          "no", "yes", "not", "all", "some", "one");

  private Sentences() {}

  /**
   * The sentences of a text in order, each with something to say.
   *
   * @throws LipstreamException if no sentence has a letter or a digit
   */
  static List<Sentence> of(String text) {
    List<Sentence> sentences = parts(text);
    if (sentences.isEmpty()) {
      throw nothingToSay(text);
    }
    return sentences;
  }

  /** As of, but empty where there is nothing to say. */
  static List<Sentence> parts(String text) {
    List<Sentence> sentences = new ArrayList<>();
    for (String paragraph : PARAGRAPH.split(clean(text), -1)) {
      List<String> parts = new ArrayList<>();
      for (String item : LIST_ITEM.split(paragraph, -1)) {
        String line = LIST_MARK.matcher(item).replaceFirst("").replaceAll("\\s+", " ").strip();
        cutAtEnds(line, parts);
      }
      parts.removeIf(part -> !hasWord(part));
      for (int i = 0; i < parts.size(); i++) {
        boolean last = i == parts.size() - 1;
        limitLength(parts.get(i), last ? PARAGRAPH_PAUSE_MILLIS : SENTENCE_PAUSE_MILLIS, sentences);
      }
    }
    return sentences;
  }

  static LipstreamException nothingToSay(String text) {
    return new LipstreamException(
        LipstreamException.Kind.INPUT,
        text.isBlank()
            ? "there is nothing to say: the text is empty"
            : "there is nothing to say in \"" + excerpt(text) + "\"",
        "give a text with at least one word or number");
  }

  /** The first words of a text, for messages. */
  static String excerpt(String text) {
    String line = text.strip().replaceAll("\\s+", " ");
    if (line.codePointCount(0, line.length()) <= 60) {
      return line;
    }
    return line.substring(0, line.offsetByCodePoints(0, 57)) + "...";
  }

  static boolean hasWord(String text) {
    return text.codePoints().anyMatch(Character::isLetterOrDigit);
  }

  /** Takes away tags, entities and characters without a shape; joins letters with their accents. */
  private static String clean(String text) {
    String plain = MARKUP.matcher(text.replace("\r\n", "\n").replace('\r', '\n')).replaceAll(" ");
    plain = ENTITY.matcher(plain).replaceAll(Sentences::decode);
    plain = plain.replace('\u2028', '\n').replace("\u2029", "\n\n");
    plain = INVISIBLE.matcher(plain).replaceAll("");
    return Normalizer.normalize(plain, Normalizer.Form.NFC);
  }

  private static String decode(MatchResult entity) {
    String name = entity.group(1);
    String value = ENTITIES.get(name);
    if (name.startsWith("#")) {
      int codePoint =
          name.startsWith("#x")
              ? Integer.parseInt(name.substring(2), 16)
              : Integer.parseInt(name.substring(1));
      value = Character.isValidCodePoint(codePoint) ? Character.toString(codePoint) : " ";
    }
    return Matcher.quoteReplacement(value == null ? entity.group() : value);
  }

  private static void cutAtEnds(String line, List<String> parts) {
    int start = 0;
    Matcher end = END.matcher(line);
    while (end.find()) {
      if (endsSentence(line, start, end)) {
        parts.add(line.substring(start, end.end()).strip());
        start = end.end();
      }
    }
    if (start < line.length()) {
      parts.add(line.substring(start).strip());
    }
  }

  /**
   * Where the first sentence of a text that is still being written ends for certain, whatever may
   * follow; -1 if that cannot be told yet.
   */
  static int firstCertainEnd(String growing) {
    Matcher broken = BREAK.matcher(growing);
    int limit = broken.find() ? broken.end() : -1;
    Matcher end = END.matcher(growing);
    while (end.find() && (limit < 0 || end.end() <= limit)) {
      if (isCertain(growing, end) && endsSentence(growing, 0, end)) {
        return end.end();
      }
    }
    return limit;
  }

  /** Whether enough follows to judge: a letter, and after a single dot the whole word. */
  private static boolean isCertain(String growing, Matcher end) {
    int next = end.end();
    if ("。！？।".indexOf(growing.charAt(end.start())) >= 0) {
      return next < growing.length();
    }
    while (next < growing.length() && !Character.isLetterOrDigit(growing.codePointAt(next))) {
      next++;
    }
    if (next == growing.length()) {
      return false;
    }
    return !end.group().equals(".") || next + wordAt(growing, next).length() < growing.length();
  }

  /** Where to cut a text that grew beyond {@link #MAX_CHARS} without a sentence's end. */
  static int forcedEnd(String growing) {
    String window = growing.substring(0, MAX_CHARS + 1);
    int clause = clauseEnd(window);
    return clause < 0 ? wordEnd(window) : clause;
  }

  private static boolean endsSentence(String line, int start, Matcher end) {
    int next = end.end();
    while (next < line.length() && !Character.isLetterOrDigit(line.codePointAt(next))) {
      next++;
    }
    if (next == line.length() || "。！？।".indexOf(line.charAt(end.start())) >= 0) {
      return true;
    }
    if (Character.isLowerCase(line.codePointAt(next))) {
      return false;
    }
    return !end.group().equals(".")
        || !isAbbreviation(lastWord(line, start, end.start()), wordAt(line, next));
  }

  private static String lastWord(String line, int start, int end) {
    int from = Math.max(start, line.lastIndexOf(' ', end - 1) + 1);
    return OPENING.matcher(line.substring(from, end)).replaceFirst("");
  }

  private static String wordAt(String line, int start) {
    int end = start;
    while (end < line.length() && Character.isLetterOrDigit(line.charAt(end))) {
      end++;
    }
    return line.substring(start, end);
  }

  /** Whether the dot after a word shortens it and the sentence goes on with the following one. */
  private static boolean isAbbreviation(String word, String following) {
    String lower = word.toLowerCase(Locale.ROOT);
    if (TITLES.contains(lower)) {
      return true;
    }
    if (TAILS.contains(lower)) {
      return !following.isEmpty() && Character.isDigit(following.charAt(0));
    }
    boolean shortened = DOTTED.matcher(word).matches() || isInitial(word);
    return shortened && !OPENERS.contains(following.toLowerCase(Locale.ROOT));
  }

  /** A single capital before a dot is a name's initial, "I." is a sentence's end. */
  private static boolean isInitial(String word) {
    return INITIAL.matcher(word).matches() && !word.equals("I");
  }

  private static void limitLength(String text, int pauseAfterMillis, List<Sentence> sentences) {
    int start = 0;
    while (text.length() - start > MAX_CHARS) {
      String window = text.substring(start, start + MAX_CHARS + 1);
      int clause = clauseEnd(window);
      int cut = clause < 0 ? wordEnd(window) : clause;
      add(window.substring(0, cut), clause < 0 ? 0 : CLAUSE_PAUSE_MILLIS, sentences);
      start += cut;
    }
    add(text.substring(start), pauseAfterMillis, sentences);
  }

  private static void add(String text, int pauseAfterMillis, List<Sentence> sentences) {
    if (hasWord(text)) {
      sentences.add(new Sentence(text.strip(), pauseAfterMillis));
    }
  }

  /** The place after the last clause mark of the allowed length, or -1. */
  private static int clauseEnd(String window) {
    for (int i = MAX_CHARS; i >= MAX_CHARS / 4; i--) {
      char mark = window.charAt(i - 1);
      boolean wide = mark > '\u2020';
      if (",;:—–)，；：、".indexOf(mark) >= 0 && (wide || window.charAt(i) == ' ')) {
        return i;
      }
    }
    return -1;
  }

  private static int wordEnd(String window) {
    int space = window.lastIndexOf(' ');
    if (space > 0) {
      return space;
    }
    return Character.isHighSurrogate(window.charAt(MAX_CHARS - 1)) ? MAX_CHARS - 1 : MAX_CHARS;
  }
}
