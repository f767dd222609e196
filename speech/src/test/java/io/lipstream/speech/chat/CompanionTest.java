package io.lipstream.speech.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.media.talk.LanguageModel;
import io.lipstream.media.talk.Message;
import io.lipstream.media.talk.ReplyEnd;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompanionTest extends LanguageModelContract {
  private static final InstantSource SATURDAY =
      InstantSource.fixed(Instant.parse("2026-11-21T09:42:10Z"));
  private static final ZoneId PARIS = ZoneId.of("Europe/Paris");

  private final Companion companion = new Companion(SATURDAY, PARIS, 1);

  @Override
  LanguageModel talkative() {
    return companion;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Hello! | greeting",
        "hi | greeting",
        "Hi, how are you today? | how-are-you",
        "What's your name? | who-are-you",
        "So, are you a real person? | otherwise",
        "Are you real? | are-you-real",
        "what can you do for me | what-can-you-do",
        "Tell me what Lipstream is. | what-is-lipstream",
        "How does Lipstream work? | how-does-it-work",
        "What time is it, please? | time",
        "What is the date today? | date",
        "Count to five | count",
        "Can you count? | count-what",
        "Please spell Mississippi. | spell",
        "Repeat after me: the rain in Spain. | repeat",
        "say cheese | repeat",
        "say hello to my friend | repeat",
        "How can I make an avatar of my own face? | own-avatar",
        "Say it with flowers, they said | repeat",
        "you do not say | otherwise",
        "My name is Ann. | my-name",
        "Tell me a story, please | story",
        "tell me another joke | joke",
        "A tongue twister! | tongue-twister",
        "thanks | thanks",
        "bye | goodbye",
        "yes | yes",
        "I said yes to him | otherwise",
        "no | no",
        "What is the capital of France? | otherwise",
        "?! | nothing-heard",
        "this is history | otherwise"
      })
  void findsTheTopic(String said, String topic) {
    assertThat(Script.load().match(said).topic().name()).isEqualTo(topic);
  }

  @Test
  void everyPhraseOfTheScriptFindsItsOwnTopic() {
    Script script = Script.load();
    Set<String> seen = new HashSet<>();
    for (Script.Topic topic : script.topics()) {
      assertThat(topic.say()).as(topic.name()).isNotEmpty().doesNotContain("");
      for (Script.Phrase phrase : topic.phrases()) {
        String said = String.join(" ", phrase.words()) + (phrase.open() ? " banana" : "");
        assertThat(seen.add(said)).as("twice in the script: " + said).isTrue();
        assertThat(script.match(said).topic().name()).as(said).isEqualTo(topic.name());
      }
    }
  }

  @Test
  void leavesNoPlaceUnfilled() {
    for (int seed = 0; seed < 4; seed++) {
      Companion each = new Companion(SATURDAY, PARIS, seed);
      for (Script.Topic topic : Script.load().topics()) {
        for (Script.Phrase phrase : topic.phrases()) {
          String said = String.join(" ", phrase.words()) + (phrase.open() ? " banana" : "");
          assertThat(each.answer(List.of(Message.user(said)))).as(said).doesNotContain("{", "}");
        }
      }
    }
  }

  @Test
  void tellsTimeAndDateOfItsClock() {
    assertThat(say("What time is it?")).contains("10:42 AM");
    assertThat(say("What day is it?")).contains("Saturday, November 21");
  }

  @Test
  void countsSpellsAndRepeats() {
    assertThat(say("Count to five.")).contains("One, two, three, four, five.");
    assertThat(say("count to 3")).contains("One, two, three.");
    assertThat(say("count to 1000000")).contains("nineteen, twenty. And so on");
    assertThat(say("count to the moon")).contains("and so on");
    assertThat(say("Spell Zoë")).contains("Z, O, Ë");
    assertThat(say("Repeat after me: Peter's dog isn't here!"))
        .isEqualTo("Peter's dog isn't here!");
  }

  @Test
  void remembersTheNameItWasTold() {
    assertThat(say("what is my name")).contains("not told me");
    assertThat(
            companion.answer(
                List.of(
                    Message.user("My name is ann, hello."),
                    Message.assistant("Nice to meet you"),
                    Message.user("What's my name?"))))
        .contains("You are Ann");
  }

  @Test
  void takesItsSayingsInTurn() {
    List<Message> talk = new ArrayList<>();
    Set<String> stories = new HashSet<>();
    for (int i = 0; i < 3; i++) {
      talk.add(Message.user("tell me a story"));
      String story = companion.answer(talk);
      stories.add(story);
      talk.add(Message.assistant(story));
    }
    assertThat(stories).hasSize(3);
  }

  @Test
  void goesOnWithWhatItWasAskedBefore() {
    Set<String> jokes = new HashSet<>();
    List<Message> talk = new ArrayList<>();
    for (String said : List.of("tell me a joke", "another one please", "Again!")) {
      talk.add(Message.user(said));
      jokes.add(companion.answer(talk));
    }
    assertThat(jokes).hasSize(3);
    assertThat(say("again")).contains("More of what?");
  }

  @Test
  void answersTheSameToTheSame() throws InterruptedException {
    Heard once = new Heard();
    Heard again = new Heard();
    new Companion(SATURDAY, PARIS, 7).reply(HELLO, once);
    new Companion(SATURDAY, PARIS, 7).reply(HELLO, again);
    assertThat(once.end()).isEqualTo(new ReplyEnd.Complete());
    assertThat(again.end()).isEqualTo(new ReplyEnd.Complete());
    assertThat(once.text()).isEqualTo(again.text()).contains(" ");
  }

  @Test
  void doesNotPretendToBeMoreThanItIs() {
    assertThat(say("Who are you?")).containsIgnoringCase("script");
    assertThat(say("Explain quantum physics."))
        .containsAnyOf("script", "phrases", "no answer", "wrote");
  }

  @Test
  void hasAnAnswerToAnything() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    String alphabet = "  aehillosyt'’\n.,?*^{}\\$äß字😀\uD83D0";
    for (int round = 0; round < 5_000; round++) {
      StringBuilder said = new StringBuilder(random.nextBoolean() ? "say " : "");
      for (int i = random.nextInt(30); i > 0; i--) {
        said.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      assertThat(say(said.toString())).as("seed %d: %s", seed, said).isNotBlank();
    }
    assertThat(companion.answer(List.of())).isNotBlank();
  }

  private String say(String said) {
    return companion.answer(List.of(Message.user(said)));
  }
}
