package io.lipstream.compositing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Times are in milliseconds; a frame lasts 40 of them. */
class SpeechGateTest {
  private static final int FPS = 25;

  @Test
  void digitalSilenceNeverOpensTheMouth() {
    assertThat(weights(new float[16 * 5000], 125)).containsOnly(0f);
  }

  @Test
  void noiseBelowMinus50DbNeverOpensTheMouth() {
    Sound sound = new Sound(5000).noise(0, 5000, -51);
    assertThat(weights(sound.samples, 125)).containsOnly(0f);
  }

  @Test
  void noiseBelowMinus50DbDoesNotHoldTheMouthAfterSpeech() {
    Sound sound = new Sound(4000).voice(500, 1500, -20).noise(0, 4000, -52);
    assertThat(Arrays.copyOfRange(weights(sound.samples, 100), 41, 100)).containsOnly(0f);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-40, -30, -20, -10, -3})
  void speechOfAnyLevelIsShownFromItsFirstToItsLastFrame(double db) {
    float[] weights = weights(new Sound(4000).voice(1000, 2600, db).samples, 100);
    for (int f = 25; f < 65; f++) {
      assertThat(weights[f]).as("frame %d at %s dB", f, db).isEqualTo(1f);
    }
  }

  @Test
  void theMouthMovesBeforeTheSoundAndNotLongBefore() {
    float[] weights = weights(new Sound(3000).voice(1000, 2000, -20).samples, 75);
    assertThat(Arrays.copyOf(weights, 23)).containsOnly(0f);
    assertThat(weights[23]).isBetween(0.1f, 0.9f);
    assertThat(weights[24]).isBetween(0.6f, 1f);
    assertThat(weights[25]).isEqualTo(1f);
  }

  @Test
  void theMouthRestsWithin120MillisOfTheEndOfSpeech() {
    for (int end = 2000; end < 2040; end += 7) {
      float[] weights = weights(new Sound(4000).voice(1000, end, -20).samples, 100);
      int restFrame = (end + 120) / 40;
      for (int f = restFrame; f < 100; f++) {
        assertThat(weights[f]).as("frame %d after speech to %d ms", f, end).isZero();
      }
    }
  }

  @Test
  void fadesNeverJumpFromOpenToRest() {
    float[] weights = weights(new Sound(4000).voice(1000, 2013, -20).samples, 100);
    for (int f = 1; f < weights.length; f++) {
      assertThat(Math.abs(weights[f] - weights[f - 1])).as("step at frame %d", f).isLessThan(0.75f);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {40, 80, 120, 180})
  void stopsWithinWordsDoNotFlapTheMouth(int gapMillis) {
    Sound sound = new Sound(3000).voice(1000, 1400, -20).voice(1400 + gapMillis, 2000, -20);
    float[] weights = weights(sound.samples, 75);
    for (int f = 25; f < 50; f++) {
      assertThat(weights[f]).as("frame %d", f).isEqualTo(1f);
    }
  }

  @Test
  void pausesOfHalfASecondCloseTheMouth() {
    Sound sound = new Sound(4000).voice(1000, 1500, -20).voice(2000, 3000, -20);
    float[] weights = weights(sound.samples, 100);
    assertThat(Arrays.copyOfRange(weights, 41, 47)).containsOnly(0f);
    assertThat(weights[50]).isEqualTo(1f);
  }

  @Test
  void aClickIsNoSpeech() {
    Sound sound = new Sound(3000).noise(1000, 1015, -6);
    assertThat(weights(sound.samples, 75)).containsOnly(0f);
  }

  @Test
  void steadyRoomNoiseDoesNotHoldTheMouthOpenBetweenUtterances() {
    Sound sound = new Sound(8000).noise(0, 8000, -46).voice(3000, 4000, -18);
    float[] weights = weights(sound.samples, 200);
    assertThat(Arrays.copyOfRange(weights, 0, 72)).containsOnly(0f);
    assertThat(Arrays.copyOfRange(weights, 76, 100)).containsOnly(1f);
    assertThat(Arrays.copyOfRange(weights, 104, 200)).containsOnly(0f);
  }

  @Test
  void aSustainedVowelIsNotTakenForNoise() {
    float[] samples = new float[16 * 8000];
    for (int i = 16 * 500; i < 16 * 7500; i++) {
      samples[i] = 0.2f * (float) Math.sin(2 * Math.PI * 220 * i / 16000);
    }
    float[] weights = weights(samples, 200);
    assertThat(Arrays.copyOfRange(weights, 13, 187)).containsOnly(1f);
  }

  @Test
  void anOffsetIsSilence() {
    float[] samples = new float[16 * 3000];
    Arrays.fill(samples, 0.3f);
    assertThat(Arrays.copyOfRange(weights(samples, 75), 4, 75)).containsOnly(0f);
  }

  @Test
  void piecesOfAnySizeGiveTheWeightsOfTheWhole() {
    Sound sound = new Sound(6000).noise(0, 6000, -60);
    sound.voice(300, 900, -20).voice(1010, 1500, -25).voice(2500, 4000, -12);
    float[] whole = weights(sound.samples, 150);
    long seed = System.nanoTime();
    System.out.println("seed of piece sizes: " + seed);
    Random random = new Random(seed);
    SpeechGate gate = new SpeechGate(FPS);
    float[] weights = new float[150];
    int frames = 0;
    for (int at = 0; at < sound.samples.length; ) {
      int count = Math.min(1 + random.nextInt(3000), sound.samples.length - at);
      gate.push(sound.samples, at, count);
      at += count;
      while (gate.ready() && frames < 150) {
        weights[frames++] = gate.next();
      }
    }
    gate.finish();
    while (frames < 150) {
      weights[frames++] = gate.next();
    }
    assertThat(weights).containsExactly(whole);
  }

  @Test
  void aWeightIsKnownWithinTheDocumentedLookAhead() {
    Sound sound = new Sound(6000);
    sound.voice(300, 905, -20).voice(1090, 1500, -25).voice(2517, 4000, -12).noise(5000, 5010, -9);
    SpeechGate gate = new SpeechGate(FPS);
    int frames = 0;
    int chunk = 16 * 10;
    for (int at = 0; at + chunk <= sound.samples.length; at += chunk) {
      gate.push(sound.samples, at, chunk);
      while (gate.ready()) {
        gate.next();
        frames++;
      }
      int heardMillis = (at + chunk) / 16;
      int due = Math.floorDiv(heardMillis - SpeechGate.LOOK_AHEAD_MILLIS, 40) + 1;
      assertThat(frames).as("frames known after %d ms", heardMillis).isGreaterThanOrEqualTo(due);
    }
  }

  @Test
  void otherFrameRatesKeepTheSameTimes() {
    float[] samples = new Sound(4000).voice(1000, 2000, -20).samples;
    float[] weights = weights(samples, 120, 30);
    assertThat(Arrays.copyOf(weights, 27)).containsOnly(0f);
    assertThat(Arrays.copyOfRange(weights, 30, 60)).containsOnly(1f);
    assertThat(Arrays.copyOfRange(weights, 64, 120)).containsOnly(0f);
  }

  @Test
  void refusesToGuessAWeightWithoutItsSound() {
    assertThatThrownBy(() -> new SpeechGate(FPS).next()).hasMessageContaining("frame 0");
  }

  private static float[] weights(float[] samples, int frames) {
    return weights(samples, frames, FPS);
  }

  private static float[] weights(float[] samples, int frames, int fps) {
    SpeechGate gate = new SpeechGate(fps);
    gate.push(samples, 0, samples.length);
    gate.finish();
    float[] weights = new float[frames];
    for (int f = 0; f < frames; f++) {
      weights[f] = gate.next();
    }
    return weights;
  }

  /** Sound drawn by formula; levels are those of its mean power. */
  private static final class Sound {
    private final float[] samples;
    private final Random random = new Random(7);

    Sound(int millis) {
      samples = new float[16 * millis];
    }

    Sound noise(int fromMillis, int toMillis, double db) {
      double amplitude = Math.pow(10, db / 20) * Math.sqrt(3);
      for (int i = 16 * fromMillis; i < 16 * toMillis; i++) {
        samples[i] += (float) (amplitude * (2 * random.nextDouble() - 1));
      }
      return this;
    }

    /** Harmonics of 120 Hz whose level swings with four syllables a second. */
    Sound voice(int fromMillis, int toMillis, double db) {
      double amplitude = Math.pow(10, db / 20);
      for (int i = 16 * fromMillis; i < 16 * toMillis; i++) {
        double t = i / 16000.0;
        double syllable = 0.6 + 0.4 * Math.cos(2 * Math.PI * 4 * (t - fromMillis / 1000.0));
        double sum = 0;
        for (int h = 1; h <= 10; h++) {
          sum += Math.sin(2 * Math.PI * 120 * h * t + h) / h;
        }
        samples[i] += (float) (amplitude * syllable * sum);
      }
      return this;
    }
  }
}
