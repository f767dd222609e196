package io.lipstream.speech.chat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The companion's topics, and which of them what was said belongs to. */
final class Script {
  private static final String RESOURCE = "companion.yaml";
  private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{M}\\p{N}]+(?:['’][\\p{L}]+)*");

  /** Short forms as the script spells them. */
  private static final Map<String, String> LONG_FORMS =
      Map.ofEntries(
          Map.entry("whats", "what is"),
          Map.entry("whos", "who is"),
          Map.entry("hows", "how is"),
          Map.entry("im", "i am"),
          Map.entry("youre", "you are"),
          Map.entry("dont", "do not"),
          Map.entry("lets", "let us"));

  /**
   * What can be talked about.
   *
   * @param phrases what it is recognised by
   * @param say what is said to it, in turn
   */
  record Topic(String name, List<Phrase> phrases, List<String> say) {

    /** Whether something said here has a place to fill. */
    boolean needs(String place) {
      return say.stream().anyMatch(saying -> saying.contains(place));
    }
  }

  /**
   * Words in a row.
   *
   * @param first whether they stand at the beginning
   * @param open whether something must follow
   */
  record Phrase(List<String> words, boolean first, boolean open) {
    static Phrase of(String text) {
      boolean first = text.startsWith("^");
      boolean open = text.endsWith("*");
      String words = text.substring(first ? 1 : 0, text.length() - (open ? 1 : 0)).strip();
      return new Phrase(List.of(words.split(" ", -1)), first, open);
    }

    /** Longer ones count more, of two as long the one that must stand at the beginning. */
    int weight() {
      return 2 * words.size() + (first ? 1 : 0);
    }
  }

  /**
   * What was recognised.
   *
   * @param rest what followed the phrase, as it was said; empty where the phrase is not open
   */
  record Match(Topic topic, String rest) {}

  /** A word as the script spells it, and where it stands in what was said. */
  private record Word(String text, int start) {}

  private final Map<String, Topic> topics = new LinkedHashMap<>();

  private record Entry(List<String> heard, List<String> say) {}

  static Script load() {
    try (InputStream in =
        Objects.requireNonNull(Script.class.getResourceAsStream(RESOURCE), RESOURCE)) {
      return new Script(
          new YAMLMapper().readValue(in, new TypeReference<LinkedHashMap<String, Entry>>() {}));
    } catch (IOException e) {
      throw new IllegalStateException(RESOURCE + " is not readable", e);
    }
  }

  private Script(Map<String, Entry> entries) {
    entries.forEach(
        (name, entry) ->
            topics.put(
                name,
                new Topic(name, entry.heard().stream().map(Phrase::of).toList(), entry.say())));
  }

  Topic topic(String name) {
    return Objects.requireNonNull(topics.get(name), name);
  }

  Iterable<Topic> topics() {
    return topics.values();
  }

  /** The topic with the weightiest phrase in what was said, the first of equals. */
  Match match(String said) {
    List<Word> words = words(said);
    if (words.isEmpty()) {
      return new Match(topic("nothing-heard"), "");
    }
    Match best = new Match(topic("otherwise"), "");
    int bestWeight = 0;
    for (Topic topic : topics.values()) {
      for (Phrase phrase : topic.phrases()) {
        int after = phrase.weight() > bestWeight ? end(phrase, words) : -1;
        if (after >= 0) {
          bestWeight = phrase.weight();
          best = new Match(topic, phrase.open() ? rest(said, words.get(after).start()) : "");
        }
      }
    }
    return best;
  }

  private static String rest(String said, int start) {
    return said.substring(start).strip();
  }

  /** The index after the phrase's first occurrence in the words; -1 if there is none. */
  private static int end(Phrase phrase, List<Word> words) {
    int length = phrase.words().size();
    int lastStart = phrase.first() ? 0 : words.size() - length;
    for (int start = 0; start <= lastStart && start + length <= words.size(); start++) {
      if (occurs(phrase, words, start) && (!phrase.open() || start + length < words.size())) {
        return start + length;
      }
    }
    return -1;
  }

  private static boolean occurs(Phrase phrase, List<Word> words, int start) {
    for (int i = 0; i < phrase.words().size(); i++) {
      if (!phrase.words().get(i).equals(words.get(start + i).text())) {
        return false;
      }
    }
    return true;
  }

  private static List<Word> words(String said) {
    List<Word> words = new ArrayList<>();
    Matcher word = WORD.matcher(said);
    while (word.find()) {
      String plain = word.group().toLowerCase(Locale.ROOT).replaceAll("['’]", "");
      for (String part : LONG_FORMS.getOrDefault(plain, plain).split(" ", -1)) {
        words.add(new Word(part, word.start()));
      }
    }
    return words;
  }
}
