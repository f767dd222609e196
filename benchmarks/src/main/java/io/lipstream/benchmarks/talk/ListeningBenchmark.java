package io.lipstream.benchmarks.talk;

import io.lipstream.inference.SileroActivity;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.audio.Resampler;
import io.lipstream.media.talk.TurnListener;
import io.lipstream.media.talk.TurnSettings;
import io.lipstream.media.talk.TurnTaking;
import io.lipstream.media.talk.VoiceActivity;
import io.lipstream.speech.MaryVoice;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does one microphone cost, for each 32 ms of its sound?
 *
 * <p>{@code network} is Silero's alone, {@code turns} all of turn taking while the avatar is
 * silent, {@code echo} the same while the avatar's own voice comes back, which is the dearest case:
 * every window is speech that must be explained. Wanted: less than 0.32 ms, a hundredth of a core.
 *
 * <pre>benchmarks/run ListeningBenchmark -prof gc</pre>
 */
@NullUnmarked // JMH sets the fields
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class ListeningBenchmark {
  private static final int WINDOW = VoiceActivity.WINDOW_SAMPLES;
  private static final int WINDOWS = 128;
  private static final int DELAY_SAMPLES = 2_900;
  private static final long WINDOW_NANOS = 32_000_000;

  private SileroActivity activity;
  private VoiceActivity.Stream stream;
  private TurnTaking turns;
  private float[] speech;
  private float[] echo;
  private long nanos;

  @Setup(Level.Trial)
  public void setUp() {
    speech = new float[WINDOWS * WINDOW];
    int[] length = {0};
    try (MaryVoice voice = new MaryVoice();
        PcmSource source =
            voice.speak("A snail wanted to see the sea, past the mill and over the hill.", "");
        Resampler resampler =
            new Resampler(
                source.format(),
                (samples, count) -> {
                  int fits = Math.min(count, speech.length - length[0]);
                  System.arraycopy(samples, 0, speech, length[0], fits);
                  length[0] += fits;
                })) {
      float[] buffer = new float[4_096];
      for (int read = source.read(buffer, 4_096); read > 0; read = source.read(buffer, 4_096)) {
        resampler.push(buffer, read);
      }
    }
    echo = new float[speech.length];
    for (int i = DELAY_SAMPLES; i < echo.length; i++) {
      echo[i] = 0.3f * speech[i - DELAY_SAMPLES];
    }
    activity = new SileroActivity();
    stream = activity.open();
    turns = new TurnTaking(activity.open(), TurnSettings.DEFAULT, new Nobody());
    nanos = WINDOW_NANOS;
  }

  @TearDown(Level.Trial)
  public void tearDown() {
    turns.close();
    stream.close();
    activity.close();
  }

  @Benchmark
  @OperationsPerInvocation(WINDOWS)
  public float network() {
    float sum = 0;
    for (int i = 0; i < WINDOWS; i++) {
      sum += stream.probability(speech, i * WINDOW);
    }
    return sum;
  }

  @Benchmark
  @OperationsPerInvocation(WINDOWS)
  public void turns() {
    for (int i = 0; i < WINDOWS; i++) {
      turns.user(speech, i * WINDOW, WINDOW, nanos);
      nanos += WINDOW_NANOS;
    }
  }

  @Benchmark
  @OperationsPerInvocation(WINDOWS)
  public void echo() {
    for (int i = 0; i < WINDOWS; i++) {
      turns.avatar(speech, i * WINDOW, WINDOW, nanos);
      turns.user(echo, i * WINDOW, WINDOW, nanos);
      nanos += WINDOW_NANOS;
    }
  }

  /** Wants to know nothing. */
  private static final class Nobody implements TurnListener {
    @Override
    public void userStarted() {}

    @Override
    public void userSpoke(float[] mono16k, int offset, int count) {}

    @Override
    public void userStopped() {}
  }
}
