package io.lipstream.benchmarks.compositing;

import com.google.protobuf.ByteString;
import com.sun.management.OperatingSystemMXBean;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.lipstream.app.config.CompositingConfig;
import io.lipstream.app.config.ConfigFile;
import io.lipstream.app.render.Progress;
import io.lipstream.app.render.RenderPipeline;
import io.lipstream.app.server.CompositingRole;
import io.lipstream.compositing.PasteEdge;
import io.lipstream.inference.EncoderSpec;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.OnnxEncoder;
import io.lipstream.inference.client.InferenceTarget;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.lipsync.EngineGenerator;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.lipsync.MediaSink;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.wire.composite.CompositeBatchRequest;
import io.lipstream.media.wire.composite.CompositeBatchResponse;
import io.lipstream.media.wire.composite.CompositingServiceGrpc;
import io.lipstream.media.wire.compositing.CompositeRequest;
import io.lipstream.media.wire.compositing.CompositeResponse;
import io.lipstream.media.wire.compositing.CompositingGrpc;
import io.lipstream.media.wire.compositing.OpenComposite;
import io.lipstream.media.wire.compositing.Output;
import io.lipstream.streaming.still.StillEncoder;
import io.lipstream.streaming.still.StillFormat;
import io.lipstream.streaming.still.StillSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * How many frames a second does the compositing server make, by its stream and by its batches,
 * against the same work in one process without gRPC?
 *
 * <p>Server and client share a process, whose CPU time is counted, both sides together. The ways
 * take turns, so that whatever else runs on the machine disturbs all alike. Every frame has a
 * mouth.
 *
 * <pre>
 *   benchmarks/composite [AVATAR [ROUNDS]]
 * </pre>
 */
public final class CompositeThroughput {
  private static final int RATE_HZ = 16_000;
  private static final int SAMPLES_PER_FRAME = RATE_HZ / 25;
  private static final int FRAMES = 250;
  private static final int FRAMES_AHEAD = 12;
  private static final int QUALITY = 75;

  private CompositeThroughput() {}

  /** One way of making 250 frames; says how many there were. */
  @FunctionalInterface
  private interface Way {
    int frames() throws InterruptedException;
  }

  /** Measures and prints a table. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Locale.setDefault(Locale.ROOT);
    String avatar = args.length > 0 ? args[0] : "ada";
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
    float[] sound = sound();
    Map<String, Way> ways = new LinkedHashMap<>();
    ways.put("in process, I420", inProcess(avatar, sound, false));
    ways.put("in process, JPEG", inProcess(avatar, sound, true));
    ManagedChannel channel = server();
    for (Output output : new Output[] {Output.I420, Output.JPEG, Output.H264}) {
      ways.put("stream, " + output, () -> stream(channel, avatar, output, sound));
    }
    for (int batch : new int[] {10, 25, 125}) {
      ways.put("batches of " + batch + ", JPEG", () -> batches(channel, avatar, batch, sound));
    }
    measure(ways, rounds);
    System.exit(0);
  }

  private static void measure(Map<String, Way> ways, int rounds) throws InterruptedException {
    OperatingSystemMXBean process =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    Map<String, double[]> framesPerSecond = new LinkedHashMap<>();
    Map<String, double[]> cpuMillis = new LinkedHashMap<>();
    for (int round = -1; round < rounds; round++) {
      for (Map.Entry<String, Way> way : ways.entrySet()) {
        long cpu = process.getProcessCpuTime();
        long start = System.nanoTime();
        int frames = way.getValue().frames();
        double seconds = (System.nanoTime() - start) / 1e9;
        double spent = (process.getProcessCpuTime() - cpu) / 1e6;
        if (frames != FRAMES) {
          throw new IllegalStateException(way.getKey() + ": " + frames + " frames");
        }
        if (round >= 0) {
          String name = way.getKey();
          framesPerSecond.computeIfAbsent(name, _ -> new double[rounds])[round] = frames / seconds;
          cpuMillis.computeIfAbsent(name, _ -> new double[rounds])[round] = spent / frames;
        }
      }
    }
    System.out.printf(
        "%-22s %14s %14s %14s%n", "way", "frames/s p50", "frames/s best", "CPU ms/frame");
    for (String way : ways.keySet()) {
      double[] speeds = framesPerSecond.getOrDefault(way, new double[1]);
      double[] cpu = cpuMillis.getOrDefault(way, new double[1]);
      Arrays.sort(speeds);
      Arrays.sort(cpu);
      System.out.printf(
          "%-22s %14.1f %14.1f %14.2f%n",
          way, speeds[speeds.length / 2], speeds[speeds.length - 1], cpu[cpu.length / 2]);
    }
  }

  /** Something loud that changes, so that the mouth is driven in every frame. */
  private static float[] sound() {
    float[] sound = new float[FRAMES * SAMPLES_PER_FRAME];
    for (int i = 0; i < sound.length; i++) {
      sound[i] = 0.4f * (float) Math.sin(2 * Math.PI * (180 + i / 400 % 80) * i / RATE_HZ);
    }
    return sound;
  }

  private static ManagedChannel server() throws IOException {
    Path file = Files.createTempFile("compositing", ".yaml");
    Files.writeString(
        file, "server: {port: 0}\nmetrics: {enabled: false}\noutput: {quality: " + QUALITY + "}\n");
    CompositingConfig config = ConfigFile.read(file, CompositingConfig.DEFAULT);
    Files.delete(file);
    Path avatars = Path.of("avatars").toAbsolutePath();
    CompositingRole role =
        CompositingRole.start(
            new CompositingRole.Setting(
                config,
                avatars,
                Catalogue.below(avatars, Map.of()),
                new AvatarStore(List.of(avatars)),
                "benchmark"));
    return InferenceTarget.parse("127.0.0.1:" + role.port()).open();
  }

  private static int stream(ManagedChannel channel, String avatar, Output output, float[] sound)
      throws InterruptedException {
    CountDownLatch over = new CountDownLatch(1);
    int[] frames = {0};
    StreamObserver<CompositeRequest> call =
        CompositingGrpc.newStub(channel)
            .composite(
                new StreamObserver<>() {
                  @Override
                  public void onNext(CompositeResponse response) {
                    if (response.hasFrame()) {
                      frames[0]++;
                    }
                  }

                  @Override
                  public void onError(Throwable failure) {
                    System.err.println(failure);
                    over.countDown();
                  }

                  @Override
                  public void onCompleted() {
                    over.countDown();
                  }
                });
    call.onNext(
        CompositeRequest.newBuilder()
            .setOpen(
                OpenComposite.newBuilder().setAvatar(avatar).setOutput(output).setQuality(QUALITY))
            .build());
    ByteBuffer bytes =
        ByteBuffer.allocate(Short.BYTES * sound.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float sample : sound) {
      bytes.putShort((short) (32_767 * sample));
    }
    ByteString pcm = ByteString.copyFrom(bytes.flip());
    for (int at = 0; at < pcm.size(); at += 16_000) {
      ByteString part = pcm.substring(at, Math.min(pcm.size(), at + 16_000));
      call.onNext(CompositeRequest.newBuilder().setSound(part).build());
    }
    call.onCompleted();
    over.await();
    return frames[0];
  }

  private static int batches(ManagedChannel channel, String avatar, int batch, float[] sound) {
    var stub = CompositingServiceGrpc.newBlockingStub(channel);
    int frames = 0;
    int sent = 0;
    for (int start = 0; start < FRAMES; start += batch) {
      int until = Math.min(sound.length, (start + batch + FRAMES_AHEAD) * SAMPLES_PER_FRAME);
      ByteBuffer raw =
          ByteBuffer.allocate(Float.BYTES * (until - sent)).order(ByteOrder.LITTLE_ENDIAN);
      raw.asFloatBuffer().put(sound, sent, until - sent);
      CompositeBatchRequest.Builder request =
          CompositeBatchRequest.newBuilder()
              .setModelId(avatar)
              .setStartFrameIdx(start)
              .setBatchSize(batch);
      if (until > sent) {
        request.setRawAudio(ByteString.copyFrom(raw));
      } else {
        // All of it was sent; a sample of silence asks for the rest.
        request.setRawAudio(ByteString.copyFrom(new byte[Float.BYTES]));
      }
      CompositeBatchResponse answer = stub.inferBatchComposite(request.build());
      if (!answer.getSuccess()) {
        throw new IllegalStateException(answer.getError());
      }
      frames += answer.getCompositedFramesCount();
      sent = until;
    }
    return frames;
  }

  private static Way inProcess(String avatar, float[] sound, boolean jpeg) {
    AvatarPackage opened =
        new AvatarStore(List.of(Path.of("avatars").toAbsolutePath())).open(avatar);
    AvatarFrames frames = AvatarFrames.load(opened, AvatarFrames.defaultMaxBytes());
    int workers = Runtime.getRuntime().availableProcessors();
    EngineOptions options = EngineOptions.cpu().withConcurrentCalls(workers);
    RenderPipeline.Cast cast =
        new RenderPipeline.Cast(
            new OnnxEncoder(EncoderSpec.of(avatar, opened.audioEncoderFile()), options),
            EngineGenerator.alone(GeneratorSpec.of(opened, options), frames, options),
            frames,
            opened.manifest(),
            PasteEdge.FEATHERED);
    StillEncoder encoder =
        StillEncoder.open(
            new StillSettings(StillFormat.JPEG, QUALITY),
            opened.manifest().frames().widthPx(),
            opened.manifest().frames().heightPx());
    Progress silent =
        new Progress(Progress.Style.NONE, new PrintWriter(Writer.nullWriter()), System::nanoTime);
    return () -> {
      CountingSink sink = new CountingSink(jpeg ? encoder : null);
      new RenderPipeline(cast, opened.manifest().fps(), workers, silent)
          .run(new Samples(sound), sink);
      return sink.count;
    };
  }

  /** Encodes pictures, if it is to, and forgets them. */
  private static final class CountingSink implements MediaSink {
    private final @Nullable StillEncoder encoder;
    private int count;

    CountingSink(@Nullable StillEncoder encoder) {
      this.encoder = encoder;
    }

    @Override
    public void video(I420Frame frame) {
      if (encoder != null) {
        var _ = encoder.encode(frame);
      }
      count++;
    }

    @Override
    public void audio(float[] interleaved, int frameCount) {}

    @Override
    public void finish() {}

    @Override
    public void close() {}
  }

  /** Sound that is already there. */
  private static final class Samples implements PcmSource {
    private final float[] samples;
    private int position;

    Samples(float[] samples) {
      this.samples = samples;
    }

    @Override
    public PcmFormat format() {
      return PcmFormat.FEATURES;
    }

    @Override
    public int read(float[] interleaved, int maxFrames) {
      int count = Math.min(maxFrames, samples.length - position);
      System.arraycopy(samples, position, interleaved, 0, count);
      position += count;
      return count == 0 ? -1 : count;
    }

    @Override
    public OptionalLong expectedFrames() {
      return OptionalLong.of(samples.length);
    }

    @Override
    public void close() {}
  }
}
