package io.lipstream.benchmarks.streaming;

import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.OpusDecoder;
import io.lipstream.streaming.live.OpusEncoder;
import io.lipstream.streaming.live.SilentSound;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What do 20 ms of sound cost, of which there are 50 a second: spoken, silent, decoded?
 *
 * <p>{@code benchmarks/run LiveSoundBenchmark -prof gc}
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class LiveSoundBenchmark {
  private static final int PACKETS = 50;

  private final float[] voice = new float[PACKETS * EncodedSound.SAMPLES];
  private final byte[][] packets = new byte[PACKETS][];
  private final float[] decoded = new float[OpusDecoder.MAX_SAMPLES];
  private @Nullable OpusEncoder encoder;
  private @Nullable OpusDecoder decoder;
  private @Nullable SilentSound silence;
  private int next;

  @Setup
  public void open() {
    Random noise = new Random(1);
    for (int i = 0; i < voice.length; i++) {
      for (int harmonic = 1; harmonic < 20; harmonic++) {
        double phase = 2 * Math.PI * 140 * harmonic * i / EncodedSound.RATE_HZ;
        voice[i] += (float) (0.15 / harmonic * Math.sin(phase));
      }
      voice[i] += (float) (0.01 * noise.nextGaussian());
    }
    silence = new SilentSound();
    encoder = OpusEncoder.open();
    decoder = OpusDecoder.open();
    for (int i = 0; i < PACKETS; i++) {
      EncodedSound sound = encoder.encode(voice, i * EncodedSound.SAMPLES, 0);
      packets[i] = java.util.Arrays.copyOf(sound.data(), sound.length());
    }
  }

  @Benchmark
  public int spoken() {
    if (encoder == null) {
      throw new IllegalStateException("not set up");
    }
    return encoder.encode(voice, next() * EncodedSound.SAMPLES, 0).length();
  }

  @Benchmark
  public int silent() {
    if (silence == null) {
      throw new IllegalStateException("not set up");
    }
    return silence.at(next()).length();
  }

  @Benchmark
  public int decoded() {
    if (decoder == null) {
      throw new IllegalStateException("not set up");
    }
    byte[] packet = packets[next()];
    return decoder.decode(packet, 0, packet.length, decoded);
  }

  private int next() {
    next = (next + 1) % PACKETS;
    return next;
  }

  @TearDown
  public void close() {
    if (encoder != null && decoder != null) {
      encoder.close();
      decoder.close();
    }
  }
}
