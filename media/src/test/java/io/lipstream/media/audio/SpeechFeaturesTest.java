package io.lipstream.media.audio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SpeechFeaturesTest {
  private final SummingEncoder encoder = new SummingEncoder();

  @Test
  void yieldsTheSameFramesHoweverTheSoundIsCutAndBatched() {
    float[] signal = Golden.signal();
    float[][] whole = framesOf(signal);
    Random random = new Random(Chunks.newSeed("SpeechFeaturesTest"));
    for (int maxBatch : new int[] {1, 3, 32}) {
      Collected frames = new Collected();
      SpeechFeatures features = new SpeechFeatures(encoder, maxBatch, frames::accept);
      Chunks.feed(
          signal,
          random,
          3_000,
          (piece, count) -> {
            features.push(piece, count);
            if (random.nextBoolean()) {
              features.flush();
            }
          });
      features.finish();
      assertThat(frames.array()).as("batches of %d", maxBatch).isDeepEqualTo(whole);
    }
  }

  @Test
  void foretellsTheFrameCount() {
    for (int samples : new int[] {0, 1, 2999, 3000, 3001, 16_000, 51_300, 76_600}) {
      assertThat(framesOf(new float[samples]))
          .as("%d samples", samples)
          .hasNumberOfRows((int) SpeechFeatures.frameCount(samples));
    }
    assertThat(SpeechFeatures.frameCount(51_300)).isEqualTo(79);
  }

  @Test
  void tellsOfMelRowsAndFeaturesOnTheWay() {
    List<float[]> mel = new ArrayList<>();
    List<float[]> embeddings = new ArrayList<>();
    SpeechFeatures features =
        new SpeechFeatures(
            encoder,
            32,
            new SpeechFeatures.Listener() {
              @Override
              public void frame(long index, float[] audioWindow) {}

              @Override
              public void mel(long index, float[] levels) {
                mel.add(levels.clone());
              }

              @Override
              public void feature(long index, float[] values) {
                embeddings.add(values.clone());
              }
            });
    features.push(Golden.signal(), 51_300);
    features.finish();
    assertThat(mel).hasSize(257);
    assertThat(embeddings).hasSize(77);
    assertThat(embeddings.get(0)).hasSize(AudioEncoder.FEATURE_FLOATS);
  }

  @Test
  void callsTheEncoderInFullBatches() {
    framesOf(Golden.signal());
    assertThat(encoder.batches).containsExactly(32, 32, 13);
  }

  @Test
  void flushLeavesNoWindowWaiting() {
    SpeechFeatures features = new SpeechFeatures(encoder, 32, (index, window) -> {});
    features.push(new float[16_000], 16_000);
    features.flush();
    features.flush();
    // 78 rows are there after one second; the windows that start at row 0, 3, ... 62 fit into them.
    assertThat(encoder.batches).containsExactly(20);
  }

  @Test
  void startsAfreshAfterReset() {
    float[] signal = Golden.signal();
    float[][] expected = framesOf(signal);
    List<float[]> frames = new ArrayList<>();
    SpeechFeatures features =
        new SpeechFeatures(encoder, 32, (index, window) -> frames.add(window.clone()));
    features.push(Chunks.noise(9_000, new Random(5)), 9_000);
    features.reset();
    frames.clear();
    features.push(signal, signal.length);
    features.finish();
    assertThat(frames.toArray(new float[0][])).isDeepEqualTo(expected);
  }

  private float[][] framesOf(float[] signal) {
    Collected frames = new Collected();
    SpeechFeatures features = new SpeechFeatures(encoder, 32, frames::accept);
    features.push(signal, signal.length);
    features.finish();
    return frames.array();
  }

  /** Folds each window into 512 sums, so that any misplaced value shows. */
  private static final class SummingEncoder implements AudioEncoder {
    private final List<Integer> batches = new ArrayList<>();

    @Override
    public void encode(int count, float[] melWindows, float[] features) {
      batches.add(count);
      for (int w = 0; w < count; w++) {
        for (int k = 0; k < FEATURE_FLOATS; k++) {
          float sum = 0;
          for (int i = k; i < WINDOW_FLOATS; i += FEATURE_FLOATS) {
            sum += melWindows[w * WINDOW_FLOATS + i] * (i + 1);
          }
          features[w * FEATURE_FLOATS + k] = sum;
        }
      }
    }

    @Override
    public void close() {}
  }
}
