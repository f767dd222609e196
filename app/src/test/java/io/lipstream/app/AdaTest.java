package io.lipstream.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.compositing.PasteEdge;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.speech.Voices;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The built-in avatar with the built-in voice: shut in silence, open on "ah". */
final class AdaTest {
  private static final int SECOND_FRAMES = 25;

  /** What the embedded voice makes of a text, with a second of silence before and after it. */
  private static float[] spoken(String text, int[] rateHz) {
    float[] sound = new float[0];
    try (SpeechSynthesizer voice = Voices.open(new Voices.Settings("", "", ""), Map.of());
        PcmSource source = voice.speak(text, "")) {
      rateHz[0] = source.format().sampleRateHz();
      sound = new float[rateHz[0]];
      float[] block = new float[4096];
      for (int count = source.read(block, 4096); count >= 0; count = source.read(block, 4096)) {
        sound = Arrays.copyOf(sound, sound.length + count);
        System.arraycopy(block, 0, sound, sound.length - count, count);
      }
    }
    return Arrays.copyOf(sound, sound.length + rateHz[0]);
  }

  @Test
  void isShutInSilenceAndOpensOnAh() {
    int[] rateHz = new int[1];
    float[] sound = spoken("Father, far car.", rateHz);
    try (RenderCast ada =
        new RenderCast(
            Path.of("../avatars/ada").toAbsolutePath().toString(), PasteEdge.FEATHERED, 2)) {
      MouthMovement movement = MouthMovement.of(ada.cast(), new SampleSource(rateHz[0], sound));

      int frames = movement.differences().length;
      // Up to 120 ms before the sound the frames are the avatar's own, and again soon after it.
      assertThat(Arrays.copyOfRange(movement.differences(), 0, SECOND_FRAMES - 3)).containsOnly(0);
      assertThat(Arrays.copyOfRange(movement.differences(), frames - SECOND_FRAMES + 4, frames))
          .containsOnly(0);
      double rest = movement.darkest()[0];
      double open =
          Arrays.stream(movement.darkest(), SECOND_FRAMES, frames - SECOND_FRAMES)
              .min()
              .orElse(rest);
      // The dark of an open mouth stands out from the line between closed lips.
      assertThat(open).isLessThan(rest - 15);
    }
  }
}
