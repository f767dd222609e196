package io.lipstream.speech.chat;

import io.lipstream.media.talk.LanguageModel;
import io.lipstream.media.talk.Message;
import io.lipstream.media.talk.ReplyEnd;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What talks where no language model is connected: a few topics of small talk from companion.yaml,
 * which it does not hide.
 *
 * <p>The same conversation, seed and time give the same answer. Thread-safe.
 */
public final class Companion implements LanguageModel {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("h:mm a", Locale.US);
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEEE, MMMM d", Locale.US);
  private static final List<String> NUMBERS =
      List.of(
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
          "nineteen",
          "twenty");
  private static final int SPELLED_LETTERS = 20;

  private final Script script = Script.load();
  private final InstantSource clock;
  private final ZoneId zone;
  private final int seed;
  private final Set<RunningReply> running = ConcurrentHashMap.newKeySet();

  /**
   * A companion.
   *
   * @param zone where it is the time that it tells
   * @param seed chooses with which of several sayings it begins
   */
  public Companion(InstantSource clock, ZoneId zone, int seed) {
    this.clock = clock;
    this.zone = zone;
    this.seed = seed;
  }

  @Override
  public Reply reply(List<Message> conversation, Listener listener) {
    List<Message> said = List.copyOf(conversation);
    RunningReply reply =
        new RunningReply(tokens -> tell(answer(said), tokens), listener, running::remove);
    running.add(reply);
    return reply.start();
  }

  private static ReplyEnd tell(String answer, RunningReply.Tokens tokens)
      throws InterruptedException {
    int start = 0;
    for (int i = 1; i < answer.length(); i++) {
      if (answer.charAt(i) == ' ') {
        tokens.token(answer.substring(start, i));
        start = i;
      }
    }
    tokens.token(answer.substring(start));
    return new ReplyEnd.Complete();
  }

  /** What is said to the conversation's last words. */
  String answer(List<Message> conversation) {
    List<String> heard =
        conversation.stream()
            .filter(message -> message.role() == Message.Role.USER)
            .map(Message::text)
            .toList();
    List<Script.Match> topics = topics(heard);
    Script.Match match = topics.isEmpty() ? script.match("") : topics.getLast();
    String name = name(topics).orElse("");
    Script.Topic topic = match.topic();
    if (topic.needs("{name}") && name.isEmpty()) {
      topic = script.topic("name-unknown");
    }
    String topicName = topic.name();
    long before = topics.stream().filter(each -> each.topic().name().equals(topicName)).count() - 1;
    int choice = Math.floorMod(seed + topicName.hashCode() + before, topic.say().size());
    return filled(topic.say().get(choice), match.rest(), name);
  }

  /** What was talked about; who wants more wants it of what was before. */
  private List<Script.Match> topics(List<String> heard) {
    List<Script.Match> topics = new ArrayList<>();
    for (String text : heard) {
      Script.Match match = script.match(text);
      boolean more = match.topic().name().equals("more") && !topics.isEmpty();
      topics.add(more ? topics.getLast() : match);
    }
    return topics;
  }

  private static Optional<String> name(List<Script.Match> topics) {
    return topics.stream()
        .filter(match -> match.topic().name().equals("my-name"))
        .map(match -> capitalised(match.rest().replaceFirst("[\\s,.!?].*", "")))
        .reduce((older, newer) -> newer);
  }

  private String filled(String saying, String rest, String name) {
    String text = saying;
    if (text.contains("{time}") || text.contains("{date}")) {
      LocalDateTime now = LocalDateTime.ofInstant(clock.instant(), zone);
      text = text.replace("{time}", TIME.format(now)).replace("{date}", DATE.format(now));
    }
    if (text.contains("{numbers}")) {
      text = text.replace("{numbers}", numbers(rest));
    }
    if (text.contains("{letters}")) {
      text = text.replace("{letters}", letters(rest));
    }
    return text.replace("{name}", name).replace("{rest}", capitalised(rest));
  }

  private static String numbers(String last) {
    String word = last.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9].*", "");
    int asked = NUMBERS.indexOf(word);
    if (asked < 0 && word.matches("\\d{1,9}")) {
      asked = Integer.parseInt(word);
    }
    if (asked < 1) {
      return "One, two, three, and so on";
    }
    String counted =
        IntStream.rangeClosed(1, Math.min(asked, NUMBERS.size() - 1))
            .mapToObj(NUMBERS::get)
            .collect(Collectors.joining(", "));
    boolean all = asked < NUMBERS.size();
    return capitalised(counted) + (all ? "" : ". And so on, or we will be here all day");
  }

  private static String letters(String word) {
    String letters =
        word.codePoints()
            .filter(Character::isLetterOrDigit)
            .limit(SPELLED_LETTERS)
            .mapToObj(each -> Character.toString(Character.toUpperCase(each)))
            .collect(Collectors.joining(", "));
    return letters;
  }

  private static String capitalised(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }

  @Override
  public void close() {
    running.forEach(RunningReply::cancel);
  }
}
