package io.lipstream.media.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

class MelExtractorTest {
  private static final double TOLERANCE = 1e-4;

  @Test
  void matchesTheReference() {
    float[] expected = Golden.mel();

    float[][] rows = melOf(Golden.signal());

    assertThat(rows.length * MelExtractor.BANDS).isEqualTo(expected.length);
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      float actual = rows[i / MelExtractor.BANDS][i % MelExtractor.BANDS];
      worst = Math.max(worst, Math.abs(actual - expected[i]));
    }
    assertThat(worst).isLessThan(TOLERANCE);
  }

  @Test
  void yieldsTheSameBitsHoweverTheSoundIsCut() {
    float[] signal = Golden.signal();
    float[][] whole = melOf(signal);
    Random random = new Random(Chunks.newSeed("MelExtractorTest"));
    for (int maxLength : new int[] {1, 7, 199, 200, 801, 20_000}) {
      Collected rows = new Collected();
      MelExtractor extractor = new MelExtractor(rows);
      Chunks.feed(signal, random, maxLength, extractor::push);
      extractor.finish();
      assertThat(rows.array()).as("pieces up to %d", maxLength).isDeepEqualTo(whole);
    }
  }

  @Test
  void yieldsEachRowAsSoonAsItsSamplesAreThere() {
    Collected rows = new Collected();
    MelExtractor extractor = new MelExtractor(rows);
    extractor.push(new float[399], 399);
    assertThat(rows.all).isEmpty();
    extractor.push(new float[1], 1);
    assertThat(rows.all).hasSize(1);
    extractor.push(new float[200], 200);
    assertThat(rows.all).hasSize(2);
  }

  @Test
  void countsOneRowPlusOneForEach200Samples() {
    for (int samples : new int[] {3000, 3199, 3200, 3201, 16_000, 51_300}) {
      assertThat(melOf(new float[samples])).hasNumberOfRows(1 + samples / 200);
    }
  }

  @Test
  void fillsShortSoundUpWithSilenceToSixteenRows() {
    assertThat(melOf(new float[0])).hasNumberOfRows(16);
    float[] shortSound = Chunks.noise(2999, new Random(3));
    float[] filledUp = new float[3000];
    System.arraycopy(shortSound, 0, filledUp, 0, 2999);
    assertThat(melOf(shortSound)).isDeepEqualTo(melOf(filledUp));
  }

  @Test
  void mapsDigitalSilenceToTheLowestLevelEverywhere() {
    for (float[] row : melOf(new float[16_000])) {
      assertThat(row).containsOnly(-4f);
    }
  }

  @Test
  void staysWithinItsRangeForTheLoudestSound() {
    float[] loudest = new float[16_000];
    for (int i = 0; i < loudest.length; i++) {
      loudest[i] = i / 8 % 2 == 0 ? 1 : -1;
    }
    for (float[] row : melOf(loudest)) {
      for (float level : row) {
        assertThat(level).isBetween(-4f, 4f);
      }
    }
  }

  @Test
  void startsAfreshAfterReset() {
    float[] signal = Golden.signal();
    float[][] expected = melOf(signal);
    float[][] kept = new float[expected.length][];
    MelExtractor extractor = new MelExtractor((index, row) -> kept[(int) index] = row.clone());
    extractor.push(Chunks.noise(5_000, new Random(4)), 5_000);
    extractor.finish();
    extractor.reset();
    extractor.push(signal, signal.length);
    extractor.finish();
    assertThat(kept).isDeepEqualTo(expected);
  }

  @Test
  void refusesSoundAfterTheEnd() {
    MelExtractor extractor = new MelExtractor((index, row) -> {});
    extractor.finish();
    assertThatThrownBy(() -> extractor.push(new float[1], 1))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(extractor::finish).isInstanceOf(IllegalStateException.class);
  }

  private static float[][] melOf(float[] samples) {
    Collected rows = new Collected();
    MelExtractor extractor = new MelExtractor(rows);
    extractor.push(samples, samples.length);
    extractor.finish();
    return rows.array();
  }
}
