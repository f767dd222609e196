package io.lipstream.inference;

import static io.lipstream.media.talk.VoiceActivity.WINDOW_SAMPLES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.media.talk.VoiceActivity;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is no speech; that speech is found is tested where voices are. */
class SileroActivityTest {
  private static final int WINDOWS = 60;

  private final Random random = new Random(5);

  @Test
  void hearsNoSpeechInSilenceNoiseOrATone() {
    try (SileroActivity activity = new SileroActivity()) {
      assertThat(loudest(activity, new float[WINDOWS * WINDOW_SAMPLES])).isLessThan(0.3f);
      assertThat(loudest(activity, noise(0.001f))).isLessThan(0.3f);
      assertThat(loudest(activity, noise(0.1f))).isLessThan(0.3f);
      assertThat(loudest(activity, tone(220))).isLessThan(0.3f);
      assertThat(loudest(activity, tone(1_000))).isLessThan(0.3f);
    }
  }

  @Test
  void streamsKnowNothingOfEachOther() {
    float[] noise = noise(0.3f);
    float[] tone = tone(150);
    try (SileroActivity activity = new SileroActivity();
        VoiceActivity.Stream alone = activity.open();
        VoiceActivity.Stream beside = activity.open();
        VoiceActivity.Stream other = activity.open()) {
      for (int from = 0; from < noise.length; from += WINDOW_SAMPLES) {
        float expected = alone.probability(noise, from);
        other.probability(tone, from);
        assertThat(beside.probability(noise, from)).isEqualTo(expected).isBetween(0f, 1f);
      }
    }
  }

  @Test
  void aResetStreamIsLikeANewOne() {
    float[] noise = noise(0.3f);
    float[] tone = tone(150);
    try (SileroActivity activity = new SileroActivity();
        VoiceActivity.Stream fresh = activity.open();
        VoiceActivity.Stream used = activity.open()) {
      for (int from = 0; from < 7 * WINDOW_SAMPLES; from += WINDOW_SAMPLES) {
        used.probability(tone, from);
      }
      used.reset();
      for (int from = 0; from < noise.length; from += WINDOW_SAMPLES) {
        assertThat(used.probability(noise, from)).isEqualTo(fresh.probability(noise, from));
      }
    }
  }

  @Test
  void refusesAnIncompleteWindow() {
    try (SileroActivity activity = new SileroActivity();
        VoiceActivity.Stream stream = activity.open()) {
      assertThatThrownBy(() -> stream.probability(new float[WINDOW_SAMPLES], 1))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  private static float loudest(VoiceActivity activity, float[] sound) {
    float loudest = 0;
    try (VoiceActivity.Stream stream = activity.open()) {
      for (int from = 0; from < sound.length; from += WINDOW_SAMPLES) {
        loudest = Math.max(loudest, stream.probability(sound, from));
      }
    }
    return loudest;
  }

  private float[] noise(float amplitude) {
    float[] sound = new float[WINDOWS * WINDOW_SAMPLES];
    for (int i = 0; i < sound.length; i++) {
      sound[i] = (float) random.nextGaussian() * amplitude;
    }
    return sound;
  }

  private static float[] tone(double hertz) {
    float[] sound = new float[WINDOWS * WINDOW_SAMPLES];
    for (int i = 0; i < sound.length; i++) {
      sound[i] = (float) (0.3 * Math.sin(2 * Math.PI * hertz * i / 16_000));
    }
    return sound;
  }
}
