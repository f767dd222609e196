package io.lipstream.speech;

import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Rewrites numbers, money, times, dates, addresses, units and symbols as English words.
 *
 * <p>A list of rules, each a pattern and what is said for it, applied in order: a rule sees what
 * the rules before it left.
 */
final class SpokenForms {

  private record Rule(Pattern pattern, Function<MatchResult, String> spoken) {}

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
              "(?i)(?<![\\p{L}\\p{N}])(?:e\\.g\\.|i\\.e\\.|\\p{L}+\\.)", SpokenForms::abbreviation),
          rule(
              "([$€£¥])\\s?(\\d[\\d,]*)(?:\\.(\\d+))?(?:\\s?(hundred|thousand|million|billion|trillion|[kKmMbB]n?)\\b)?",
              SpokenForms::money),
          rule(
              "\\b(\\d{4})-(\\d{2})-(\\d{2})\\b", m -> date(m.group(1), m.group(2), m.group(3), m)),
          rule(
              "\\b(\\d{1,2})/(\\d{1,2})/(\\d{4})\\b",
              m -> date(m.group(3), m.group(1), m.group(2), m)),
          rule(
              "(?i)\\b([01]?\\d|2[0-3]):([0-5]\\d)(?::([0-5]\\d))?(?:\\s?([ap]) ?m\\b)?",
              SpokenForms::time),
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
              m -> " " + Abbreviations.UNITS.get(m.group(1))),
          rule(
              "\\b((?:1[1-9]|20)\\d)0s\\b",
              m -> NumberWords.plural(NumberWords.year(m.group(1) + "0"))),
          rule("\\b(\\d+)'?s\\b", m -> NumberWords.plural(NumberWords.cardinal(m.group(1)))),
          rule(
              "(?<![\\d.,])(1[1-9]\\d\\d|20\\d\\d)(?![\\d,]*\\d|\\.\\d|%)",
              m -> NumberWords.year(m.group(1))),
          rule("\\d[\\d,]*(?:\\.\\d+)+|\\d[\\d,]*\\d|\\d", m -> " " + number(m.group()) + " "),
          rule("(?i)\\bhm+\\b", m -> "hum"),
          rule("(?i)\\bm(?:m|hm)m*\\b", m -> "um"),
          rule("(?i)\\bsh+\\b", m -> "shush"),
          rule("(?i)\\bbr{2,}\\b", m -> "burr"),
          rule("(?i)\\bgr{2,}\\b", m -> "gurr"),
          rule("(?i)\\bpf+t?\\b", m -> "puff"),
          rule("(?i)\\bps+t\\b", m -> "pist"),
          rule("(?i)\\btsk\\b", m -> "tisk"),
          rule("#(?=\\p{L})", m -> "hashtag "),
          rule("#", m -> " number "),
          rule("(?<=\\p{L})/(?=\\p{L})", m -> " "),
          rule("(?<!\\S)[-–—](?!\\S)|[–—]|\\s-{2,}\\s", m -> " , "),
          rule(
              "[&%+=@×÷±°€£$¥§]|(?<= )[<>](?= )",
              m -> " " + Abbreviations.SYMBOLS.get(m.group()) + " "),
          rule("…|\\.{2,}", m -> " . "));

  private SpokenForms() {}

  /** The text after all rules. */
  static String of(String text) {
    String spoken = text;
    for (Rule rule : RULES) {
      spoken =
          rule.pattern
              .matcher(spoken)
              .replaceAll(match -> Matcher.quoteReplacement(rule.spoken.apply(match)));
    }
    return spoken;
  }

  private static Rule rule(String pattern, Function<MatchResult, String> spoken) {
    return new Rule(Pattern.compile(pattern), spoken);
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
        .replaceAll("\\ba\\b", EnglishWords.LETTER_A);
  }

  private static String abbreviation(MatchResult match) {
    String spoken = Abbreviations.ABBREVIATIONS.get(match.group().toLowerCase(Locale.ROOT));
    return spoken == null ? match.group() : spoken;
  }

  private static String money(MatchResult match) {
    Abbreviations.Currency names = Abbreviations.CURRENCIES.get(match.group(1));
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
          + names.several();
    }
    String said =
        NumberWords.cardinal(whole) + " " + (whole.equals("1") ? names.one() : names.several());
    if (fraction == null || fraction.matches("0+")) {
      return said;
    }
    if (fraction.length() != 2) {
      return number(whole + "." + fraction) + " " + names.several();
    }
    String cents = fraction.replaceFirst("^0", "");
    return said
        + " and "
        + NumberWords.cardinal(cents)
        + " "
        + (cents.equals("1") ? names.oneHundredth() : names.hundredths());
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
    return Abbreviations.MONTHS.get(monthNumber - 1)
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

  private static String halfOfDay(String amOrPm) {
    return Character.toLowerCase(amOrPm.charAt(0)) == 'a' ? EnglishWords.LETTER_A + " m" : "p m";
  }
}
