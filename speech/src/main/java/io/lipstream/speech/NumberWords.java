package io.lipstream.speech;

import java.math.BigInteger;

/** English words for numbers. */
final class NumberWords {
  private static final String[] SMALL = {
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen"
  };
  private static final String[] TENS = {
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"
  };
  private static final String[] SCALES = {"", "thousand", "million", "billion", "trillion"};

  private NumberWords() {}

  /** A whole number; beyond 999 trillion, and with leading zeros, its digits one by one. */
  static String cardinal(String digits) {
    boolean padded = digits.length() > 1 && digits.startsWith("0");
    if (padded || digits.length() > 3 * SCALES.length) {
      return digits(digits);
    }
    return cardinal(new BigInteger(digits).longValueExact());
  }

  static String cardinal(long number) {
    if (number < 1_000) {
      return belowThousand((int) number);
    }
    StringBuilder words = new StringBuilder();
    for (int scale = SCALES.length - 1; scale >= 0; scale--) {
      long unit = (long) Math.pow(1_000, scale);
      int group = (int) (number / unit % 1_000);
      if (group > 0) {
        words.append(words.isEmpty() ? "" : " ").append(belowThousand(group));
        words.append(scale == 0 ? "" : " " + SCALES[scale]);
      }
    }
    return words.toString();
  }

  private static String belowThousand(int number) {
    if (number < 20) {
      return SMALL[number];
    }
    if (number < 100) {
      return TENS[number / 10] + (number % 10 == 0 ? "" : " " + SMALL[number % 10]);
    }
    String rest = number % 100 == 0 ? "" : " and " + belowThousand(number % 100);
    return SMALL[number / 100] + " hundred" + rest;
  }

  static String ordinal(String digits) {
    String cardinal = cardinal(digits);
    int lastSpace = cardinal.lastIndexOf(' ');
    String head = cardinal.substring(0, lastSpace + 1);
    String last = cardinal.substring(lastSpace + 1);
    return head
        + switch (last) {
          case "one" -> "first";
          case "two" -> "second";
          case "three" -> "third";
          case "five" -> "fifth";
          case "eight" -> "eighth";
          case "nine" -> "ninth";
          case "twelve" -> "twelfth";
          default ->
              last.endsWith("y") ? last.substring(0, last.length() - 1) + "ieth" : last + "th";
        };
  }

  /** A year of four digits as people say it: nineteen oh five, two thousand one, twenty ten. */
  static String year(String fourDigits) {
    int year = Integer.parseInt(fourDigits);
    int century = year / 100;
    int rest = year % 100;
    if (year % 1_000 < 10) {
      return cardinal(year);
    }
    if (rest == 0) {
      return cardinal(century) + " hundred";
    }
    return cardinal(century) + (rest < 10 ? " oh " : " ") + cardinal(rest);
  }

  /** Each digit by its name. */
  static String digits(String digits) {
    StringBuilder words = new StringBuilder();
    for (int i = 0; i < digits.length(); i++) {
      words.append(i == 0 ? "" : " ").append(SMALL[digits.charAt(i) - '0']);
    }
    return words.toString();
  }

  /** A decade or a number of things: nineties, twos. */
  static String plural(String words) {
    if (words.endsWith("y")) {
      return words.substring(0, words.length() - 1) + "ies";
    }
    return words + (words.endsWith("x") ? "es" : "s");
  }
}
