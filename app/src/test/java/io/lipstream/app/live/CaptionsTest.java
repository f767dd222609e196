package io.lipstream.app.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.app.live.Reading.Piece;
import io.lipstream.app.live.SessionEvent.Caption;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.media.lipsync.SpokenWord;
import io.lipstream.speech.MaryVoice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Words and the sound they are told with. */
final class CaptionsTest {
  private static final int RATE_HZ = 48_000;

  @Test
  void wordsOfTheEmbeddedVoiceAreToldWhenTheyAreHeard() throws InterruptedException {
    List<Caption> told = new ArrayList<>();
    float[] sound = new float[0];
    try (SpeechSynthesizer voice = new MaryVoice()) {
      Captions captions =
          new Captions(
              event -> {
                if (event instanceof Caption caption) {
                  told.add(caption);
                }
              });
      captions.open();
      Reading reading = new Reading("test", voice, "", false, System::nanoTime, () -> {}, e -> {});
      reading.add(Line.sentence("In 1999, a rather extraordinarily long word; yes, it was!"));
      reading.start();
      while (!reading.isAtEnd()) {
        Piece piece = reading.poll();
        if (piece == null) {
          Thread.sleep(1);
          continue;
        }
        if (piece.begins) {
          captions.begin(piece.line, sound.length);
        }
        int from = sound.length;
        sound = Arrays.copyOf(sound, from + piece.frames);
        System.arraycopy(piece.interleaved, 0, sound, from, piece.frames);
        reading.giveBack(piece);
        captions.sent(sound.length);
      }
      reading.stop();
      captions.end();
    }

    assertThat(told)
        .extracting(Caption::text)
        .containsExactly(
            "In", "1999,", "a", "rather", "extraordinarily", "long", "word;", "yes,", "it", "was!");
    for (Caption word : told) {
      assertThat(level(sound, word.startMillis(), word.endMillis()))
          .as(word.text())
          .isGreaterThan(0.02);
    }
    int pauses = 0;
    for (int i = 1; i < told.size(); i++) {
      long from = told.get(i - 1).endMillis();
      long to = told.get(i).startMillis();
      if (to - from > 250) {
        pauses++;
        assertThat(level(sound, from + 60, to - 30)).as("after word " + i).isLessThan(0.005);
      } else {
        assertThat(to).isBetween(from - 1, from + 1);
      }
    }
    assertThat(pauses).as("at the two commas and the semicolon").isEqualTo(3);
    long end = told.getLast().endMillis();
    assertThat(level(sound, end + 60, sound.length / 48)).isLessThan(0.005);
  }

  @Test
  void keepsWordsBackUntilTheSessionHasSaidThatItSpeaks() {
    List<SessionEvent> told = new ArrayList<>();
    Captions captions = new Captions(told::add);
    captions.begin(Line.sentence("One two three."), 0);
    captions.sent(RATE_HZ / 100);

    assertThat(captions.text()).isEqualTo("One");
    assertThat(told).isEmpty();
    captions.open();
    assertThat(told).extracting(event -> ((Caption) event).text()).containsExactly("One");
    captions.end();
    assertThat(told)
        .extracting(event -> ((Caption) event).text())
        .containsExactly("One", "two", "three.");
  }

  private static double level(float[] sound, long fromMillis, long toMillis) {
    int from = (int) (fromMillis * RATE_HZ / 1_000);
    int to = (int) Math.min(sound.length, toMillis * RATE_HZ / 1_000);
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += sound[i] * sound[i];
    }
    return Math.sqrt(sum / (to - from));
  }

  @Test
  void writtenWordsShareTheTimeOfThoseThatAreSpokenForThem() {
    WordTimes times =
        WordTimes.spoken(
            List.of("It", "is", "$5", "—", "or", "1/2", "kg."),
            List.of(
                new SpokenWord("it", 0, 10),
                new SpokenWord("is", 10, 20),
                new SpokenWord("five", 20, 30),
                new SpokenWord("dollars", 30, 50),
                new SpokenWord("or", 70, 80),
                new SpokenWord("one", 80, 90),
                new SpokenWord("half", 90, 100),
                new SpokenWord("kilograms", 100, 160)),
            24_000);

    assertThat(times.starts()).containsExactly(0, 20, 40, 60, 140, 160, 240);
    assertThat(times.ends()).containsExactly(20, 40, 60, 100, 160, 240, 320);
  }

  @Test
  void wordsThatAreNotSpokenYetAreGuessedAfterThoseThatAre() {
    WordTimes times =
        WordTimes.spoken(
            List.of("one", "two", "three"), List.of(new SpokenWord("one", 100, 4_800)), 48_000);

    assertThat(times.starts()[0]).isEqualTo(100);
    assertThat(times.starts()[1]).isEqualTo(4_800);
    assertThat(times.starts()[2]).isEqualTo(4_800 + 4 * 3_200);
  }
}
