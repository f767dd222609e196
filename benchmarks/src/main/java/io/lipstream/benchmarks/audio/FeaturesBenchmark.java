package io.lipstream.benchmarks.audio;

import io.lipstream.inference.EncoderSpec;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.OnnxEncoder;
import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.audio.MelExtractor;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.Resampler;
import io.lipstream.media.audio.SpeechFeatures;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.jtransforms.fft.DoubleFFT_1D;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * How many times faster than real time do the features of speech come, on one core?
 *
 * <p>One operation is one second of sound, so the score is the factor itself. {@code jtransforms}
 * is no stage of ours: it does nothing but the 80 transforms of a second with that library, to
 * compare with {@code mel}, which does all the rest as well.
 *
 * <pre>benchmarks/run FeaturesBenchmark -prof gc</pre>
 */
@NullUnmarked // JMH sets the fields
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class FeaturesBenchmark {
  private static final int SECONDS = 20;
  private static final int CHUNK_SAMPLES = 1_600;
  private static final int FFT_SIZE = 800;
  private static final int ROWS_PER_SECOND = 80;

  /** The network of {@code withEncoder}. */
  @Param("avatars/tiny/models/audio_encoder.onnx")
  private String encoder;

  private float[] chunk;
  private float[] stereoChunk;
  private double[] spectrum;
  private AudioEncoder onnx;
  private MelExtractor mel;
  private SpeechFeatures withoutEncoder;
  private SpeechFeatures withEncoder;
  private Resampler resampler;
  private DoubleFFT_1D jtransforms;

  @Setup(Level.Trial)
  public void setUp(Blackhole hole) {
    chunk = noise(CHUNK_SAMPLES);
    stereoChunk = noise(2 * 3 * CHUNK_SAMPLES);
    spectrum = new Random(2).doubles(FFT_SIZE).toArray();
    onnx =
        new OnnxEncoder(
            EncoderSpec.of("benchmark", Path.of(encoder)),
            EngineOptions.cpu().withIntraOpThreads(1));
    mel = new MelExtractor((index, row) -> hole.consume(row));
    withoutEncoder =
        new SpeechFeatures(new NoEncoder(), 32, (index, window) -> hole.consume(window));
    withEncoder = new SpeechFeatures(onnx, 32, (index, window) -> hole.consume(window));
    resampler = new Resampler(new PcmFormat(48_000, 2), (samples, count) -> hole.consume(samples));
    jtransforms = new DoubleFFT_1D(FFT_SIZE);
  }

  @TearDown(Level.Trial)
  public void tearDown() {
    resampler.close();
    onnx.close();
  }

  private static float[] noise(int count) {
    Random random = new Random(1);
    float[] samples = new float[count];
    for (int i = 0; i < count; i++) {
      samples[i] = random.nextFloat() - 0.5f;
    }
    return samples;
  }

  @Benchmark
  @OperationsPerInvocation(SECONDS)
  public void mel() {
    mel.reset();
    for (int i = 0; i < SECONDS * 10; i++) {
      mel.push(chunk, CHUNK_SAMPLES);
    }
    mel.finish();
  }

  /** Mel rows, windows and feature windows: all but the network. */
  @Benchmark
  @OperationsPerInvocation(SECONDS)
  public void withoutEncoder() {
    run(withoutEncoder);
  }

  @Benchmark
  @OperationsPerInvocation(SECONDS)
  public void withEncoder() {
    run(withEncoder);
  }

  private void run(SpeechFeatures features) {
    features.reset();
    for (int i = 0; i < SECONDS * 10; i++) {
      features.push(chunk, CHUNK_SAMPLES);
    }
    features.finish();
  }

  /** Stereo at 48 kHz to mono at 16 kHz. */
  @Benchmark
  @OperationsPerInvocation(SECONDS)
  public void resample() {
    for (int i = 0; i < SECONDS * 10; i++) {
      resampler.push(stereoChunk, 3 * CHUNK_SAMPLES);
    }
  }

  @Benchmark
  @OperationsPerInvocation(SECONDS)
  public void jtransforms(Blackhole hole) {
    for (int i = 0; i < SECONDS * ROWS_PER_SECOND; i++) {
      jtransforms.realForward(spectrum);
      // Kept in range: the transform is applied to its own result.
      for (int k = 0; k < FFT_SIZE; k++) {
        spectrum[k] *= 0.03;
      }
    }
    hole.consume(spectrum);
  }

  /** Answers at once, so that only the rest of the chain is measured. */
  private static final class NoEncoder implements AudioEncoder {
    @Override
    public void encode(int count, float[] melWindows, float[] features) {}

    @Override
    public void close() {}
  }
}
