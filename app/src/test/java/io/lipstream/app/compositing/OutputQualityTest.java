package io.lipstream.app.compositing;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.app.quality.QualityLevel;
import io.lipstream.app.quality.QualitySettings;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.LocalEngine;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class OutputQualityTest {
  private final LocalEngine engine =
      LocalEngine.start(
          EngineSettings.cpu(), Catalogue.empty(), EngineEvents.NONE, System::nanoTime);
  private long now;
  private long drawn;
  private long late;

  @AfterEach
  void close() {
    engine.close();
  }

  private OutputQuality of(int best) {
    return new OutputQuality(QualitySettings.DEFAULT, engine, best);
  }

  /** A tenth of a second with so many speakers, of whose mouths one of so many was late. */
  private void pass(OutputQuality quality, int speakers, int oneLateOf) {
    now += 100_000_000;
    drawn += 2L * speakers;
    late += oneLateOf == 0 ? 0 : 2L * speakers / oneLateOf;
    quality.observe(now, speakers, drawn, late);
  }

  @Test
  void jpegStepsWithTheNumberOfSpeakersAndComesBack() {
    OutputQuality quality = of(85);
    int[] speakers = {1, 10, 11, 15, 16, 200};
    int[] stills = {85, 85, 75, 75, 70, 70};
    for (int i = 0; i < speakers.length; i++) {
      pass(quality, speakers[i], 0);
      assertThat(quality.still()).as(speakers[i] + " speakers").isEqualTo(stills[i]);
    }
    assertThat(quality.score()).isEqualTo(60);
    for (int i = 0; i < 20; i++) {
      pass(quality, 1, 0);
    }
    assertThat(quality.still()).isEqualTo(85);
    assertThat(quality.score()).isEqualTo(100);
  }

  @Test
  void stepsAsItWasConfigured() {
    QualitySettings settings =
        new QualitySettings(
            List.of(new QualityLevel(1, 4, 90, 100, 1), new QualityLevel(9, 8, 20, 30, 1)),
            0.05,
            Duration.ofMillis(400),
            0);
    OutputQuality quality = new OutputQuality(settings, engine, 85);
    pass(quality, 1, 0);
    assertThat(quality.still()).isEqualTo(85);
    assertThat(quality.bitrateBps(2500)).isEqualTo(2_500_000);
    pass(quality, 2, 0);
    assertThat(quality.still()).isEqualTo(20);
    assertThat(quality.bitrateBps(2500)).isEqualTo(750_000);
    assertThat(quality.score()).isEqualTo(30);
  }

  @Test
  void lateMouthsAreAReasonToo() {
    OutputQuality quality = of(85);
    for (int i = 0; i < 20; i++) {
      pass(quality, 5, 4);
    }
    assertThat(quality.still()).isEqualTo(70);
  }

  @Test
  void neverBetterThanItWasConfigured() {
    OutputQuality modest = of(72);
    OutputQuality fine = of(95);
    assertThat(fine.still()).isEqualTo(95);
    for (int speakers : new int[] {1, 12, 30}) {
      pass(modest, speakers, 0);
      assertThat(modest.still()).isEqualTo(speakers == 30 ? 70 : 72);
    }
  }
}
