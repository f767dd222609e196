package io.lipstream.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.lipsync.Speech;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.media.lipsync.SpokenWord;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MaryVoiceTest extends SpeechSynthesizerContract {
  private static final String GREETING = "Hello, I am your avatar. How can I help you today?";
  private final MaryVoice voice = new MaryVoice();

  @Override
  SpeechSynthesizer speaker() {
    return voice;
  }

  @Test
  void speaksAGreetingOfPlausibleLengthAndLevel() {
    try (PcmSource source = voice.speak(GREETING, "")) {
      assertThat(source.format()).isEqualTo(new PcmFormat(48_000, 1));
      float[] sound = readAll(source);
      assertThat(sound.length / 48_000.0).isBetween(2.5, 5.0);
      assertThat(rms(sound)).isBetween(0.02, 0.4);
      assertThat(source.expectedFrames()).hasValue(sound.length);
      assertThat(source.read(new float[10], 10)).isEqualTo(-1);
    }
  }

  @Test
  void saysTheSameTextTheSameWay() {
    assertThat(say("The same text, twice.")).isEqualTo(say("The same text, twice."));
  }

  @Test
  void severalThreadsSpeakAtOnceAsTheyWouldAlone() throws Exception {
    List<String> texts =
        List.of("One fish swims here.", "Two birds fly over the hill.", "Is this number three?");
    List<float[]> alone = texts.stream().map(this::say).toList();
    try (ExecutorService speakers = Executors.newFixedThreadPool(3)) {
      List<Callable<float[]>> calls = new ArrayList<>();
      for (int round = 0; round < 4; round++) {
        texts.forEach(text -> calls.add(() -> say(text)));
      }
      List<Future<float[]>> together = speakers.invokeAll(calls);
      for (int i = 0; i < together.size(); i++) {
        assertThat(together.get(i).get()).isEqualTo(alone.get(i % texts.size()));
      }
    }
  }

  @Test
  void endsASentenceInSilence() {
    float[] sound = say("Yes. No.");
    float[] tail = Arrays.copyOfRange(sound, sound.length - 48_000 / 4, sound.length);
    assertThat(tail).containsOnly(0f);
  }

  @Test
  void tellsWhenItSaysWhichWord() {
    try (PcmSource source = voice.speak("Well, fish cost $3; don't buy. Stop!", "")) {
      float[] sound = readAll(source);
      List<SpokenWord> words = ((Speech) source).words();
      assertThat(words)
          .extracting(SpokenWord::text)
          .containsExactly("Well", "fish", "cost", "three", "dollars", "don't", "buy", "Stop");
      for (SpokenWord word : words) {
        assertThat(rms(part(sound, word.startFrame(), word.endFrame())))
            .as(word.text())
            .isGreaterThan(0.02);
      }
      for (int before : new int[] {0, 4, 6}) {
        long from = words.get(before).endFrame();
        long to = words.get(before + 1).startFrame();
        assertThat(to - from).as("pause after " + before).isGreaterThan(48_000 / 4);
        // Before it a sound dies away, after it one swells.
        assertThat(rms(part(sound, from + 48 * 60, to - 48 * 30))).isLessThan(0.005);
      }
      assertThat(words.get(1).endFrame()).isEqualTo(words.get(2).startFrame());
    }
  }

  private static float[] part(float[] sound, long from, long to) {
    return Arrays.copyOfRange(sound, (int) from, (int) to);
  }

  @Test
  void firstSoundComesBeforeTheLastSentenceIsMade() {
    String text = "This is a sentence of a rather long story. ".repeat(30);
    try (PcmSource source = voice.speak(text, "")) {
      assertThat(source.read(new float[100], 100)).isEqualTo(100);
      assertThat(source.expectedFrames()).isEmpty();
    }
  }

  @Test
  void closingEarlyEndsTheThread() throws Exception {
    PcmSource source = voice.speak("This is a sentence of a rather long story. ".repeat(30), "");
    source.read(new float[100], 100);
    List<Thread> speaking = speechThreads();
    assertThat(speaking).isNotEmpty();
    source.close();
    for (Thread thread : speaking) {
      thread.join(60_000);
      assertThat(thread.isAlive()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Smile \uD83D\uDE00 please \uD83D\uDC4D\uD83C\uDFFD!",
        "Say 你好 to everyone.",
        "<b>Fish &amp; chips</b> cost $3.50 on 11/21/2026 at 5:30pm.",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "a",
        "Z.",
        "1",
        "x = y + 2 < 5",
        "'tis the rock 'n' roll o'clock; d'you don't?",
        "You don't, won't, can't, ain't, aren't, weren't, mustn't, isn't, y'all, ma'am, let's.",
        "I'm, you're, we're, they're, who're, she's, dog's, watch's, I'll, it'll, we've, it'd, he'd.",
        "a'a'a'a'a'a'a'a'a'a'a'a'a'a'a'a'a'a'a'a'a'a'a't n't t't",
        "A\u0000B\u0007C",
        "naïve café Zoë Ærøskøbing Straße",
        "???!!! What ,,, ;;; is --- this ...",
        "12345678901234567890 and 007 and 1,000,000.5 and 3.1.4",
        "hmm mmm pfft shh grr brr tsk",
        "Mail me@example.com or see https://example.com/a/b?c=d#e.",
        "the/or/and_a*b^c~d`e|f\\g{h}[i]"
      })
  void speaksOddText(String text) {
    float[] sound = say(text);
    assertThat(rms(sound)).isGreaterThan(0.01);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " \n\t ", "... !!! ???", "\uD83D\uDE00", "—", "<br/>", "&amp;"})
  void refusesATextWithoutAWord(String text) {
    assertThatThrownBy(() -> voice.speak(text, ""))
        .isInstanceOfSatisfying(
            LipstreamException.class,
            e -> assertThat(e.kind()).isEqualTo(LipstreamException.Kind.INPUT))
        .hasMessageContaining("nothing to say");
  }

  @Test
  void refusesATextInALanguageItDoesNotSpeak() {
    assertThatThrownBy(() -> voice.speak("你好，世界。", ""))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("English")
        .hasMessageContaining("你好");
  }

  @Test
  void leavesOutASentenceItCannotSay() {
    assertThat(say("你好世界。Hello there.")).isEqualTo(say("Hello there."));
  }

  @Test
  void refusesAnUnknownVoiceAndNamesTheKnownOne() {
    assertThatThrownBy(() -> voice.speak("Hello.", "bob"))
        .isInstanceOfSatisfying(
            LipstreamException.class, e -> assertThat(e.hint()).contains("cmu-slt"))
        .hasMessageContaining("bob");
  }

  @Test
  void printsNothing() {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    try (PrintStream capture = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
      System.setOut(capture);
      System.setErr(capture);
      say("Nobody logs a word of this.");
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
    assertThat(printed.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  private float[] say(String text) {
    try (PcmSource source = voice.speak(text, "")) {
      return readAll(source);
    }
  }

  static float[] readAll(PcmSource source) {
    float[] all = new float[0];
    float[] chunk = new float[4_096];
    int frames;
    while ((frames = source.read(chunk, chunk.length)) > 0) {
      all = Arrays.copyOf(all, all.length + frames);
      System.arraycopy(chunk, 0, all, all.length - frames, frames);
    }
    return all;
  }

  private static double rms(float[] sound) {
    double sum = 0;
    for (float sample : sound) {
      sum += sample * sample;
    }
    return Math.sqrt(sum / sound.length);
  }

  private static List<Thread> speechThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("speech-"))
        .toList();
  }
}
