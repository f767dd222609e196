package io.lipstream.speech;

import java.util.List;
import java.util.Map;

/** What short forms stand for in English. */
final class Abbreviations {

  /** The words for amounts of money. */
  record Currency(String one, String several, String oneHundredth, String hundredths) {}

  /** What a word and its dot stand for, in lower case. */
  static final Map<String, String> ABBREVIATIONS =
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

  /** What letters behind a number stand for. */
  static final Map<String, String> UNITS =
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

  static final Map<String, String> SYMBOLS =
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

  /** One and several of a currency, then of its hundredth. */
  static final Map<String, Currency> CURRENCIES =
      Map.of(
          "$", new Currency("dollar", "dollars", "cent", "cents"),
          "€", new Currency("euro", "euros", "cent", "cents"),
          "£", new Currency("pound", "pounds", "penny", "pence"),
          "¥", new Currency("yen", "yen", "sen", "sen"));

  static final List<String> MONTHS =
      List.of(
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
          "december");

  private Abbreviations() {}
}
