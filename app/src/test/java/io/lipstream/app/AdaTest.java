package io.lipstream.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.compositing.PasteEdge;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.Precision;
import io.lipstream.speech.TimedSpeech;
import io.lipstream.speech.TimedSpeech.Phone;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The built-in avatar with the built-in voice, measured in the frames that come out: the small
 * sister of {@code studio/lipstream_studio/evaluate.py}.
 */
final class AdaTest {
  private static final String ADA = Path.of("../avatars/ada").toAbsolutePath().toString();
  private static final int FPS = 25;

  /** 120 ms: what a mouth may take to shut after speech. */
  private static final int SHUT_FRAMES = 3;

  /** How far the jaw opens on a phoneme, about; those that are not here are between. */
  private static final Map<String, Double> OPENINGS =
      Map.ofEntries(
          Map.entry("_", 0.0),
          Map.entry("p", 0.0),
          Map.entry("b", 0.0),
          Map.entry("m", 0.0),
          Map.entry("f", 0.1),
          Map.entry("v", 0.1),
          Map.entry("u", 0.2),
          Map.entry("i", 0.25),
          Map.entry("U", 0.3),
          Map.entry("@", 0.35),
          Map.entry("I", 0.35),
          Map.entry("EI", 0.5),
          Map.entry("@U", 0.5),
          Map.entry("V", 0.6),
          Map.entry("E", 0.6),
          Map.entry("OI", 0.7),
          Map.entry("O", 0.8),
          Map.entry("{", 0.9),
          Map.entry("aU", 0.9),
          Map.entry("A", 1.0),
          Map.entry("AI", 1.0));

  private static final double OTHER_OPENING = 0.25;
  private static final Set<String> PRESSED = Set.of("p", "b", "m");
  private static final Set<String> WIDE = Set.of("A", "AI", "{");

  private static TimedSpeech speech;
  private static MouthMovement spoken;

  /** For each frame how far lips and chin are from where they rest: 1 where they are farthest. */
  private static double[] opening;

  /** For each frame how dark it is between the lips: 0 at rest, 1 where it is darkest. */
  private static double[] darkness;

  @BeforeAll
  static void speak() {
    speech =
        TimedSpeech.of(
            "Father, far car.",
            "Mama, Bob and Pam put a big lamp up.",
            "We choose a fine blue map of Oslo.");
    spoken = movement(TimedSpeech.RATE_HZ, speech.samples());
    double farthest = Arrays.stream(spoken.middles()).max().orElseThrow();
    opening = Arrays.stream(spoken.middles()).map(moved -> moved / farthest).toArray();
    double rest = spoken.darkest()[0];
    double widest = Arrays.stream(spoken.darkest()).min().orElseThrow();
    darkness =
        Arrays.stream(spoken.darkest()).map(dark -> (rest - dark) / (rest - widest)).toArray();
    // The dark of an open mouth stands out from the line between closed lips.
    assertThat(rest - widest).isGreaterThan(15);
  }

  private static MouthMovement movement(int rateHz, float[] samples) {
    try (RenderCast ada = new RenderCast(ADA, PasteEdge.FEATHERED, 2)) {
      return MouthMovement.of(ada.cast(), new SampleSource(rateHz, samples));
    }
  }

  @Test
  void nothingOfTheFrameMovesInSilence() {
    double[] movement = spoken.differences();
    // Before the first word, and in the second after the last one.
    assertThat(Arrays.copyOfRange(movement, 0, FPS - SHUT_FRAMES)).containsOnly(0);
    assertThat(Arrays.copyOfRange(movement, movement.length - FPS, movement.length))
        .containsOnly(0);
  }

  @Test
  void theMouthIsShutSoonAfterSpeech() {
    List<Phone> phones = speech.phones();
    int pauses = 0;
    for (int i = 1; i < phones.size(); i++) {
      Phone pause = phones.get(i);
      if (pause.name().equals("_") && pause.toSeconds() - pause.fromSeconds() > 0.3) {
        int shut = (int) Math.ceil(pause.fromSeconds() * FPS) + SHUT_FRAMES;
        assertThat(darkness[shut]).as("darkness in frame " + shut).isLessThan(0.2);
        assertThat(spoken.differences()[shut]).as("movement in frame " + shut).isLessThan(1);
        pauses++;
      }
    }
    assertThat(pauses).isGreaterThanOrEqualTo(3);
  }

  @Test
  void breathHumAndKeysLeaveTheMouthShut() {
    int rateHz = 16_000;
    float[] samples = new float[5 * rateHz];
    Random random = new Random(11);
    double brown = 0;
    for (int i = 0; i < samples.length; i++) {
      double seconds = (double) i / rateHz;
      brown = 0.96 * brown + 0.04 * random.nextGaussian();
      double breath = 0.1 * brown * Math.pow(Math.sin(Math.PI * seconds / 1.25), 2);
      double hum = 0.01 * Math.sin(2 * Math.PI * 50 * seconds);
      boolean struck = i % (rateHz / 4) < rateHz / 100;
      double key = struck ? 0.03 * random.nextGaussian() : 0;
      samples[i] = (float) (breath + hum + key);
    }
    MouthMovement quiet = movement(rateHz, samples);
    assertThat(quiet.largestBetween(0, quiet.differences().length)).isLessThan(1);
  }

  @Test
  void lipsMeetOnPBAndM() {
    List<Phone> open = new ArrayList<>();
    int pressed = 0;
    for (Phone phone : speech.phones()) {
      if (PRESSED.contains(phone.name())) {
        pressed++;
        if (Arrays.stream(during(phone, darkness)).min().orElse(1) > 0.25) {
          open.add(phone);
        }
      }
    }
    assertThat(pressed).isGreaterThan(12);
    assertThat(open).hasSizeLessThanOrEqualTo(pressed / 20);
  }

  @Test
  void theMouthIsOpenOnAh() {
    for (Phone phone : speech.phones()) {
      if (WIDE.contains(phone.name())) {
        assertThat(Arrays.stream(during(phone, opening)).max().orElse(0))
            .as("" + phone)
            .isGreaterThan(0.5);
      }
    }
  }

  /** What is measured in the frames that show a phoneme, if only for half of their time. */
  private static double[] during(Phone phone, double[] measured) {
    int from = (int) Math.floor(phone.fromSeconds() * FPS - 0.5);
    int to = (int) Math.ceil(phone.toSeconds() * FPS - 0.5) + 1;
    return Arrays.copyOfRange(measured, Math.max(0, from), Math.min(measured.length, to));
  }

  @Test
  void theMouthMovesWithThePhonemesAndNotLater() {
    double[] wanted = wantedOpening();
    int bestLag = 0;
    for (int lag = -3; lag <= 3; lag++) {
      if (correlation(wanted, lag) > correlation(wanted, bestLag)) {
        bestLag = lag;
      }
    }
    assertThat(bestLag).as("frames of delay").isBetween(-1, 1);
    assertThat(correlation(wanted, 0)).isGreaterThan(0.75);
  }

  /** The phonemes' openings, run into each other as a jaw does. */
  private static double[] wantedOpening() {
    double[] steps = new double[opening.length];
    for (Phone phone : speech.phones()) {
      for (int i = 0; i < steps.length; i++) {
        double seconds = (i + 0.5) / FPS;
        if (seconds >= phone.fromSeconds() && seconds < phone.toSeconds()) {
          steps[i] = OPENINGS.getOrDefault(phone.name(), OTHER_OPENING);
        }
      }
    }
    double[] smooth = new double[steps.length];
    for (int i = 1; i < steps.length - 1; i++) {
      smooth[i] = (steps[i - 1] + 2 * steps[i] + steps[i + 1]) / 4;
    }
    return smooth;
  }

  /** Pearson's r between what is wanted and what is seen some frames later. */
  private static double correlation(double[] wanted, int lag) {
    int from = 3;
    int to = wanted.length - 3;
    double meanWanted = Arrays.stream(wanted, from, to).average().orElseThrow();
    double meanSeen = Arrays.stream(opening, from + lag, to + lag).average().orElseThrow();
    double both = 0;
    double ofWanted = 0;
    double ofSeen = 0;
    for (int i = from; i < to; i++) {
      double x = wanted[i] - meanWanted;
      double y = opening[i + lag] - meanSeen;
      both += x * y;
      ofWanted += x * x;
      ofSeen += y * y;
    }
    return both / Math.sqrt(ofWanted * ofSeen);
  }

  @Test
  void theFp16GeneratorDrawsTheSameMouths() {
    float[] samples = Arrays.copyOf(speech.samples(), 2 * TimedSpeech.RATE_HZ);
    List<byte[]> full = luma(samples, Precision.FP32);
    List<byte[]> half = luma(samples, Precision.FP16);
    int worst = 0;
    for (int i = 0; i < full.size(); i++) {
      for (int at = 0; at < full.get(i).length; at++) {
        worst = Math.max(worst, Math.abs((full.get(i)[at] & 0xff) - (half.get(i)[at] & 0xff)));
      }
    }
    // Zero would mean that one file was run twice.
    assertThat(worst).as("grey levels").isBetween(1, 2);
  }

  /**
   * Rounding to 256 steps shows as noise far below what a video codec adds, and nowhere as an edge.
   */
  @Test
  void theInt8GeneratorDrawsNearlyTheSameMouths() {
    float[] samples = Arrays.copyOf(speech.samples(), 2 * TimedSpeech.RATE_HZ);
    List<byte[]> full = luma(samples, Precision.FP32);
    List<byte[]> bytes = luma(samples, Precision.INT8);
    long[] byDifference = new long[256];
    for (int i = 0; i < full.size(); i++) {
      for (int at = 0; at < full.get(i).length; at++) {
        byDifference[Math.abs((full.get(i)[at] & 0xff) - (bytes.get(i)[at] & 0xff))]++;
      }
    }
    long all = Arrays.stream(byDifference).sum();
    assertThat(byDifference[0]).as("same").isGreaterThan(all * 9 / 10).isLessThan(all);
    long far = Arrays.stream(byDifference, 4, 256).sum();
    assertThat((double) far / all).as("beyond three levels").isLessThan(1e-4);
  }

  private static List<byte[]> luma(float[] samples, Precision precision) {
    EngineOptions options = EngineOptions.cpu().withPrecision(precision);
    List<byte[]> frames = new ArrayList<>();
    try (RenderCast ada =
        new RenderCast(
            ADA, PasteEdge.FEATHERED, new BackgroundOption(), options, RenderCast.Mouths.HERE)) {
      MouthMovement.render(
          ada.cast(),
          new SampleSource(TimedSpeech.RATE_HZ, samples),
          frame -> frames.add(Arrays.copyOf(frame.data(), frame.uOffset())));
    }
    return frames;
  }

  @Test
  void noSeamShowsAroundWhatIsPasted() {
    assertThat(spoken.edgeSteps()).hasSizeGreaterThan(20);
    assertThat(Arrays.stream(spoken.edgeSteps()).max().orElseThrow()).isLessThan(1);
  }
}
