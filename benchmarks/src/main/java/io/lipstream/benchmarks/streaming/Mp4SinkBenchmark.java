package io.lipstream.benchmarks.streaming;

import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.streaming.file.FrameRate;
import io.lipstream.streaming.file.Mp4Format;
import io.lipstream.streaming.file.Mp4Sink;
import io.lipstream.streaming.file.VideoCodec;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does one frame of the built-in avatar with its 40 ms of sound cost to encode at 720p, on one
 * core? At most 8 ms; next to no Java allocation.
 *
 * <p>Run from the root of the repository:
 *
 * <pre>
 *   mvn -q -pl benchmarks -am package -DskipTests
 *   java --enable-native-access=ALL-UNNAMED -cp benchmarks/target/classes:$(cat benchmarks/target/classpath) \
 *     org.openjdk.jmh.Main Mp4SinkBenchmark -prof gc
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 3)
@Measurement(iterations = 5, time = 3)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class Mp4SinkBenchmark {
  private static final int FRAMES = 40;
  private static final PcmFormat SOUND = new PcmFormat(48_000, 1);
  private static final int SOUND_FRAMES = 1920;

  @Param("avatars/ada")
  String avatar = "avatars/ada";

  private final I420Frame[] frames = new I420Frame[FRAMES];
  private final float[] sound = new float[SOUND_FRAMES];
  private @Nullable Mp4Sink sink;
  private int next;

  @Setup
  public void load() {
    try (AvatarPackage pack = AvatarPackage.open(Path.of(avatar));
        AvatarFrames loaded = AvatarFrames.load(pack, AvatarFrames.DEFAULT_MAX_BYTES)) {
      for (int i = 0; i < FRAMES; i++) {
        frames[i] = loaded.frame(i).picture();
      }
    }
    for (int i = 0; i < SOUND_FRAMES; i++) {
      sound[i] = (float) (0.3 * Math.sin(2 * Math.PI * 200 * i / SOUND.sampleRateHz()));
    }
    Mp4Format format =
        Mp4Format.of(
            frames[0].widthPx(), frames[0].heightPx(), FrameRate.of(25), SOUND, VideoCodec.H264);
    sink = Mp4Sink.toStream("nowhere", OutputStream.nullOutputStream(), format);
  }

  @Benchmark
  public void frameWithSound() {
    int i = next++ % (2 * FRAMES - 2);
    opened().video(frames[i < FRAMES ? i : 2 * FRAMES - 2 - i]);
    opened().audio(sound, SOUND_FRAMES);
  }

  private Mp4Sink opened() {
    if (sink == null) {
      throw new IllegalStateException("not set up");
    }
    return sink;
  }

  @TearDown
  public void close() {
    opened().close();
  }
}
