package io.lipstream.speech;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Rewrites a sentence as the words an English speaker would read aloud.
 *
 * <p>Numbers, money, times, dates, addresses, units and symbols become words; letters of other
 * scripts, emoji and marks without a spoken form are dropped. The rewriting is a list of rules,
 * each a pattern and what is said for it, applied in order: a rule sees what the rules before it
 * left.
 */
final class EnglishWords {

  /** A word to look up (letters and apostrophes, or a letter's name), or a punctuation mark. */
  record Token(String text) {
    boolean isPunctuation() {
      return !Character.isLetter(text.charAt(0)) && text.length() == 1;
    }
  }

  private record Rule(Pattern pattern, Function<MatchResult, String> spoken) {}

  private static final int MAX_WORD_CHARS = 40;

  /** How the lexicon writes the name of the letter a. */
  private static final String LETTER_A = "_a";

  private static final Map<String, String> ABBREVIATIONS =
      Map.ofEntries(
          Map.entry("mr.", "mister"),
          Map.entry("mrs.", "missus"),
          Map.entry("ms.", "miz"),
          Map.entry("dr.", "doctor"),
          Map.entry("prof.", "professor"),
          Map.entry("jr.", "junior"),
          Map.entry("sr.", "senior"),
          Map.entry("gen.", "general"),
          Map.entry("col.", "colonel"),
          Map.entry("sgt.", "sergeant"),
          Map.entry("capt.", "captain"),
          Map.entry("rev.", "reverend"),
          Map.entry("gov.", "governor"),
          Map.entry("sen.", "senator"),
          Map.entry("vs.", "versus"),
          Map.entry("etc.", "et cetera"),
          Map.entry("e.g.", "for example"),
          Map.entry("i.e.", "that is"),
          Map.entry("inc.", "incorporated"),
          Map.entry("ltd.", "limited"),
          Map.entry("co.", "company"),
          Map.entry("corp.", "corporation"),
          Map.entry("dept.", "department"),
          Map.entry("approx.", "approximately"),
          Map.entry("vol.", "volume"),
          Map.entry("ave.", "avenue"),
          Map.entry("blvd.", "boulevard"),
          Map.entry("jan.", "january"),
          Map.entry("feb.", "february"),
          Map.entry("aug.", "august"),
          Map.entry("sept.", "september"),
          Map.entry("oct.", "october"),
          Map.entry("nov.", "november"),
          Map.entry("dec.", "december"));

  private static final Map<String, String> UNITS =
      Map.ofEntries(
          Map.entry("km/h", "kilometers per hour"),
          Map.entry("m/s", "meters per second"),
          Map.entry("mph", "miles per hour"),
          Map.entry("fps", "frames per second"),
          Map.entry("km", "kilometers"),
          Map.entry("cm", "centimeters"),
          Map.entry("mm", "millimeters"),
          Map.entry("kg", "kilograms"),
          Map.entry("mg", "milligrams"),
          Map.entry("ms", "milliseconds"),
          Map.entry("ml", "milliliters"),
          Map.entry("lb", "pounds"),
          Map.entry("lbs", "pounds"),
          Map.entry("oz", "ounces"),
          Map.entry("ft", "feet"),
          Map.entry("hrs", "hours"),
          Map.entry("kHz", "kilohertz"),
          Map.entry("MHz", "megahertz"),
          Map.entry("GHz", "gigahertz"),
          Map.entry("Hz", "hertz"),
          Map.entry("kB", "kilobytes"),
          Map.entry("KB", "kilobytes"),
          Map.entry("MB", "megabytes"),
          Map.entry("GB", "gigabytes"),
          Map.entry("TB", "terabytes"),
          Map.entry("kW", "kilowatts"),
          Map.entry("°C", "degrees celsius"),
          Map.entry("°F", "degrees fahrenheit"),
          Map.entry("°", "degrees"));

  private static final Map<String, String> SYMBOLS =
      Map.ofEntries(
          Map.entry("&", "and"),
          Map.entry("%", "percent"),
          Map.entry("+", "plus"),
          Map.entry("=", "equals"),
          Map.entry("@", "at"),
          Map.entry("×", "times"),
          Map.entry("÷", "divided by"),
          Map.entry("±", "plus or minus"),
          Map.entry("°", "degrees"),
          Map.entry("€", "euros"),
          Map.entry("£", "pounds"),
          Map.entry("$", "dollars"),
          Map.entry("¥", "yen"),
          Map.entry("§", "section"),
          Map.entry("<", "less than"),
          Map.entry(">", "greater than"));

  private static final Map<String, String[]> CURRENCIES =
      Map.of(
          "$", new String[] {"dollar", "dollars", "cent", "cents"},
          "€", new String[] {"euro", "euros", "cent", "cents"},
          "£", new String[] {"pound", "pounds", "penny", "pence"},
          "¥", new String[] {"yen", "yen", "sen", "sen"});

  private static final String[] MONTHS = {
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december"
  };

  /** Capitals that spell something although the lexicon knows a word of those letters. */
  private static final Set<String> SPELLED =
      Set.of("US", "UK", "EU", "UN", "AI", "PC", "TV", "ID", "IT", "AM", "PM", "API");

  private static final List<Rule> RULES =
      List.of(
          rule(
              "[\\p{L}\\p{N}._%+-]+@[\\p{L}\\p{N}-]+(?:\\.[\\p{L}\\p{N}-]+)+",
              m -> address(m.group())),
          rule(
              "(?i)\\b(?:https?|ftp)://(?:www\\.)?([^\\s,;\"'<>()]*[\\p{L}\\p{N}/])",
              m -> address(m.group(1))),
          rule("(?i)\\bwww\\.([^\\s,;\"'<>()]*[\\p{L}\\p{N}/])", m -> address(m.group(1))),
          rule(
              "\\b[\\p{L}\\p{N}-]{2,}(?:\\.[\\p{L}\\p{N}-]+)*\\.(?:com|org|net|io|dev|edu|gov|ai|app|co\\.uk|de|fr|eu)\\b(?:/[^\\s,;]*[\\p{L}\\p{N}])?",
              m -> address(m.group())),
          rule("(?i)(?<![\\p{L}.])(?:a\\.m\\.?|p\\.m\\.?)(?!\\p{L})", m -> halfOfDay(m.group())),
          rule("\\bSt\\.(?= \\p{Lu})", m -> "saint"),
          rule("\\bSt\\.", m -> "street"),
          rule("(?i)\\bfig\\.(?= ?\\d)", m -> "figure"),
          rule(
              "(?i)(?<![\\p{L}\\p{N}])(?:e\\.g\\.|i\\.e\\.|\\p{L}+\\.)",
              EnglishWords::abbreviation),
          rule(
              "([$€£¥])\\s?(\\d[\\d,]*)(?:\\.(\\d+))?(?:\\s?(hundred|thousand|million|billion|trillion|[kKmMbB]n?)\\b)?",
              EnglishWords::money),
          rule(
              "\\b(\\d{4})-(\\d{2})-(\\d{2})\\b", m -> date(m.group(1), m.group(2), m.group(3), m)),
          rule(
              "\\b(\\d{1,2})/(\\d{1,2})/(\\d{4})\\b",
              m -> date(m.group(3), m.group(1), m.group(2), m)),
          rule(
              "(?i)\\b([01]?\\d|2[0-3]):([0-5]\\d)(?::([0-5]\\d))?(?:\\s?([ap]) ?m\\b)?",
              EnglishWords::time),
          rule(
              "(?i)\\b(\\d{1,2})\\s?([ap])m\\b",
              m -> NumberWords.cardinal(m.group(1)) + " " + halfOfDay(m.group(2))),
          rule("(?i)\\b([\\d,]+)(?:st|nd|rd|th)\\b", m -> NumberWords.ordinal(plain(m.group(1)))),
          rule("\\b1/2\\b", m -> "one half"),
          rule("\\b3/4\\b", m -> "three quarters"),
          rule("\\b1/4\\b", m -> "one quarter"),
          rule("(?<![\\d.])(?:\\d{1,3}-)?\\d{3}-\\d{4}\\b", m -> spelledGroups(m.group())),
          rule("(\\d)\\s?[-–—]\\s?(?=\\d)", m -> m.group(1) + " to "),
          rule("(?<![\\p{L}\\p{N}])[-−](?=\\d)", m -> " minus "),
          rule(
              "(?<=\\d)\\s?(km/h|m/s|°[CF]|°|(?:mph|fps|km|cm|mm|kg|mg|ms|ml|lbs?|oz|ft|hrs|[kMG]?Hz|[kKMGT]B|kW)\\b)",
              m -> " " + UNITS.get(m.group(1))),
          rule(
              "\\b((?:1[1-9]|20)\\d)0s\\b",
              m -> NumberWords.plural(NumberWords.year(m.group(1) + "0"))),
          rule("\\b(\\d+)'?s\\b", m -> NumberWords.plural(NumberWords.cardinal(m.group(1)))),
          rule(
              "(?<![\\d.,])(1[1-9]\\d\\d|20\\d\\d)(?![\\d,]*\\d|\\.\\d|%)",
              m -> NumberWords.year(m.group(1))),
          rule("\\d[\\d,]*(?:\\.\\d+)+|\\d[\\d,]*\\d|\\d", m -> " " + number(m.group()) + " "),
          rule("#(?=\\p{L})", m -> "hashtag "),
          rule("#", m -> " number "),
          rule("(?<=\\p{L})/(?=\\p{L})", m -> " "),
          rule("(?<!\\S)[-–—](?!\\S)|[–—]|\\s-{2,}\\s", m -> " , "),
          rule("[&%+=@×÷±°€£$¥§]|(?<= )[<>](?= )", m -> " " + SYMBOLS.get(m.group()) + " "),
          rule("…|\\.{2,}", m -> " . "));

  /** Words with inner apostrophes, or one mark. */
  private static final Pattern TOKEN = Pattern.compile("_a\\b|[a-zA-Z]+(?:'[a-zA-Z]+)*|[,.;:!?()]");

  private EnglishWords() {}

  private static Rule rule(String pattern, Function<MatchResult, String> spoken) {
    return new Rule(Pattern.compile(pattern), spoken);
  }

  /**
   * The tokens of one sentence; empty if it has nothing an English speaker could read.
   *
   * @param known tells whether the lexicon has a word (lower case); unknown capitals are spelled
   */
  static List<Token> of(String sentence, Predicate<String> known) {
    String text = latin(sentence);
    for (Rule rule : RULES) {
      text =
          rule.pattern
              .matcher(text)
              .replaceAll(m -> Matcher.quoteReplacement(rule.spoken.apply(m)));
    }
    boolean shouting = text.equals(text.toUpperCase(Locale.ROOT)) && text.contains(" ");
    List<Token> tokens = new ArrayList<>();
    TOKEN.matcher(text).results().forEach(m -> addToken(m.group(), shouting, known, tokens));
    boolean anyWord = tokens.stream().anyMatch(token -> !token.isPunctuation());
    return anyWord ? tokens : List.of();
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
    for (int start = 0; start < text.length(); start += MAX_WORD_CHARS) {
      tokens.add(new Token(text.substring(start, Math.min(text.length(), start + MAX_WORD_CHARS))));
    }
  }

  private static String halfOfDay(String amOrPm) {
    return Character.toLowerCase(amOrPm.charAt(0)) == 'a' ? LETTER_A + " m" : "p m";
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

  private static String address(String address) {
    return address
        .replaceAll("[?#&=].*$", "")
        .replaceAll("/$", "")
        .replaceAll("\\.", " dot ")
        .replace("@", " at ")
        .replace("/", " slash ")
        .replace("_", " underscore ")
        .replaceAll("[-+%:~]", " ")
        .replaceAll("\\ba\\b", LETTER_A);
  }

  private static String abbreviation(MatchResult match) {
    String spoken = ABBREVIATIONS.get(match.group().toLowerCase(Locale.ROOT));
    return spoken == null ? match.group() : spoken;
  }

  private static String money(MatchResult match) {
    String[] names = CURRENCIES.get(match.group(1));
    String whole = plain(match.group(2));
    String fraction = match.group(3);
    String scale = match.group(4);
    if (names == null) {
      throw new IllegalStateException("no currency " + match.group(1));
    }
    if (scale != null) {
      return number(whole + (fraction == null ? "" : "." + fraction))
          + " "
          + scaleName(scale)
          + " "
          + names[1];
    }
    String said = NumberWords.cardinal(whole) + " " + (whole.equals("1") ? names[0] : names[1]);
    if (fraction == null || fraction.matches("0+")) {
      return said;
    }
    if (fraction.length() != 2) {
      return number(whole + "." + fraction) + " " + names[1];
    }
    String cents = fraction.replaceFirst("^0", "");
    return said
        + " and "
        + NumberWords.cardinal(cents)
        + " "
        + (cents.equals("1") ? names[2] : names[3]);
  }

  private static String scaleName(String scale) {
    return switch (scale.toLowerCase(Locale.ROOT)) {
      case "k", "kn" -> "thousand";
      case "m", "mn" -> "million";
      case "b", "bn" -> "billion";
      default -> scale;
    };
  }

  private static String date(String year, String month, String day, MatchResult match) {
    int monthNumber = Integer.parseInt(month);
    int dayNumber = Integer.parseInt(day);
    if (monthNumber < 1 || monthNumber > 12 || dayNumber < 1 || dayNumber > 31) {
      return match.group();
    }
    String yearWords = year.startsWith("0") ? NumberWords.digits(year) : NumberWords.year(year);
    return MONTHS[monthNumber - 1]
        + " "
        + NumberWords.ordinal(String.valueOf(dayNumber))
        + ", "
        + yearWords;
  }

  private static String time(MatchResult match) {
    String minutes = match.group(2);
    String said = NumberWords.cardinal(Long.parseLong(match.group(1)));
    if (!minutes.equals("00")) {
      said +=
          (minutes.startsWith("0") ? " oh " : " ") + NumberWords.cardinal(Long.parseLong(minutes));
    } else if (match.group(4) == null) {
      said += " o'clock";
    }
    if (match.group(3) != null) {
      said += " and " + NumberWords.cardinal(Long.parseLong(match.group(3))) + " seconds";
    }
    return match.group(4) == null ? said : said + " " + halfOfDay(match.group(4));
  }

  private static String spelledGroups(String phone) {
    StringBuilder said = new StringBuilder();
    for (String group : phone.split("-", -1)) {
      said.append(said.isEmpty() ? "" : ", ").append(NumberWords.digits(group));
    }
    return said.toString();
  }

  private static String number(String number) {
    String[] parts = plain(number).split("\\.", -1);
    if (parts.length > 2) {
      StringBuilder version = new StringBuilder(NumberWords.cardinal(parts[0]));
      for (int i = 1; i < parts.length; i++) {
        version.append(" point ").append(NumberWords.cardinal(parts[i]));
      }
      return version.toString();
    }
    String whole = NumberWords.cardinal(parts[0]);
    return parts.length == 1 ? whole : whole + " point " + NumberWords.digits(parts[1]);
  }

  private static String plain(String number) {
    return number.replace(",", "");
  }
}
