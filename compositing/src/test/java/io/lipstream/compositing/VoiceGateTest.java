package io.lipstream.compositing;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.media.talk.VoiceActivity;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The gate where loudness alone does not decide; a frame lasts 40 ms. */
final class VoiceGateTest {
  private static final int RATE_HZ = 16_000;
  private static final int FPS = 25;

  /** A positive offset of the sound is a voice, a negative one is none; told a window late. */
  private static final class Offset implements VoiceActivity.Stream {
    private float last;

    @Override
    public float probability(float[] mono16k, int offset) {
      float before = last;
      last = 0;
      for (int i = 0; i < VoiceActivity.WINDOW_SAMPLES; i++) {
        last += mono16k[offset + i] / VoiceActivity.WINDOW_SAMPLES;
      }
      return before > 0.01f ? 0.9f : 0.1f;
    }

    @Override
    public void reset() {}

    @Override
    public void close() {}
  }

  private static void sound(float[] samples, int fromMillis, int toMillis, float offset) {
    for (int i = fromMillis * 16; i < toMillis * 16; i++) {
      samples[i] = offset + 0.2f * (float) Math.sin(2 * Math.PI * 200 * i / RATE_HZ);
    }
  }

  private static List<Float> weights(float[] samples, int lookAheadMillis) {
    SpeechGate gate = new SpeechGate(FPS, lookAheadMillis, new Offset());
    List<Float> weights = new ArrayList<>();
    for (int from = 0; from < samples.length; from += 320) {
      gate.push(samples, from, Math.min(320, samples.length - from));
      while (gate.ready()) {
        // Known when as much sound followed as was promised.
        int heardMillis = (from + 320) / 16;
        assertThat(heardMillis).isLessThanOrEqualTo(weights.size() * 40 + lookAheadMillis + 60);
        weights.add(gate.next());
      }
      int due = (from + 320) / 16 - lookAheadMillis;
      assertThat(weights).as("known by " + due).hasSizeGreaterThanOrEqualTo(due / 40);
    }
    gate.finish();
    while (weights.size() < samples.length / 640) {
      weights.add(gate.next());
    }
    return weights;
  }

  @ParameterizedTest
  @ValueSource(ints = {370, 280, 210, 120})
  void loudSoundThatIsNoVoiceNeverOpensTheMouth(int lookAheadMillis) {
    float[] samples = new float[4 * RATE_HZ];
    sound(samples, 1_000, 3_000, -0.02f);
    assertThat(weights(samples, lookAheadMillis)).containsOnly(0f);
  }

  @Test
  void aVoiceOpensTheMouthFromItsFirstFrameThoughTheNetworkIsLateToHearIt() {
    float[] samples = new float[4 * RATE_HZ];
    sound(samples, 1_000, 2_600, 0.02f);
    List<Float> weights = weights(samples, 370);
    assertThat(weights.subList(0, 22)).containsOnly(0f);
    assertThat(weights.subList(25, 65)).containsOnly(1f);
  }

  @ParameterizedTest
  @ValueSource(ints = {370, 280, 210, 120})
  void theMouthRestsWithin120MillisOfTheEndOfTheVoice(int lookAheadMillis) {
    float[] samples = new float[4 * RATE_HZ];
    sound(samples, 1_000, 2_600, 0.02f);
    List<Float> weights = weights(samples, lookAheadMillis);
    assertThat(weights.subList(68, 100)).containsOnly(0f);
    assertThat(weights.subList(28, 65)).containsOnly(1f);
  }

  @Test
  void noiseAfterAVoiceLetsTheMouthCloseSoon() {
    float[] samples = new float[4 * RATE_HZ];
    sound(samples, 1_000, 2_000, 0.02f);
    sound(samples, 2_000, 4_000, -0.02f);
    assertThat(weights(samples, 370).subList(57, 100)).containsOnly(0f);
  }
}
